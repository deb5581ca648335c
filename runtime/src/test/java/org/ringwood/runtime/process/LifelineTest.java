package org.ringwood.runtime.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.Failure;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.outcome.JobFailure;

class LifelineTest {
    @Test
    void whatTheLauncherSaysIsHeard() throws Exception {
        JobFailure failure = JobFailure.of(new Failure(2, "there", 17, Failure.Cause.DIED, "was killed"));
        try (PipedOutputStream launcher = new PipedOutputStream();
                PipedInputStream pipe = new PipedInputStream(launcher)) {
            Lifeline lifeline = Lifeline.on(pipe);
            CompletableFuture<JobFailure> heard = new CompletableFuture<>();
            lifeline.listen(heard::complete);
            launcher.write((failure.encode() + "\n").getBytes(StandardCharsets.UTF_8));
            launcher.flush();
            assertThat(heard.get()).isEqualTo(failure);
        }
    }

    @Test
    void theEndOfThePipeIsTheEndOfTheLauncher() throws Exception {
        PipedOutputStream launcher = new PipedOutputStream();
        try (PipedInputStream pipe = new PipedInputStream(launcher)) {
            launcher.close();
            CompletableFuture<JobFailure> heard = new CompletableFuture<>();
            Lifeline.on(pipe).listen(heard::complete);
            assertThat(heard.get().status()).isEqualTo(ExitStatus.TERMINATED);
            assertThat(heard.get().sentence()).contains("launcher");
        }
    }
}
