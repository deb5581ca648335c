package org.ringwood.runtime.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.job.JobFile;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.outcome.JobFailure;

class DeadlineTest {
    /** Seconds until the allocation ends; {@code none} where Slurm does not say. */
    @ParameterizedTest
    @CsvSource({"none, 1ms, timeouts.job", "1000, 1ms, timeouts.job", "5, 1h, sbatch --time", "-5, none, sbatch --time"
    })
    void theEarlierEndIsTheDeadline(String allocation, String job, String remedy) throws Exception {
        CompletableFuture<JobFailure> reached = new CompletableFuture<>();
        try (Deadline deadline = Deadline.of(job(job), allocation(allocation))) {
            deadline.listen(reached::complete);
            JobFailure failure = reached.get(60, TimeUnit.SECONDS);
            assertThat(failure.status()).isEqualTo(ExitStatus.STALLED);
            assertThat(failure.sentence()).contains(remedy);
        }
    }

    @Test
    void whatIsNoTimeIsRefused() {
        assertThatThrownBy(() -> Deadline.of(job("none"), Map.of("SLURM_JOB_END_TIME", "Unknown")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("SLURM_JOB_END_TIME=Unknown");
    }

    private static Map<String, String> allocation(String secondsLeft) {
        return secondsLeft.equals("none")
                ? Map.of()
                : Map.of(
                        "SLURM_JOB_END_TIME",
                        Long.toString(Instant.now()
                                .plusSeconds(Long.parseLong(secondsLeft))
                                .getEpochSecond()));
    }

    private static Job job(String deadline) {
        return JobFile.parse(
                "workers: 1\ninput: {random: {tokens: 40, heads: 2, dim: 8}}\ntimeouts: {job: " + deadline + "}\n",
                Path.of("job.yaml"),
                List.of(),
                Map.of());
    }
}
