package org.ringwood.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.mpi.MpiBinding;
import org.ringwood.collectives.mpi.OpenMpi;

/** Whole jobs whose ranks mpirun has started, and whose tensors Open MPI carries. */
@Timeout(300)
class MpirunJobTest {
    private static final String JOB = """
            workers: auto
            threads: 1
            device: scalar
            transport: mpi
            timeouts: {peer: 60s}
            attention:
              schedule: [%s]
              mask: {causal: true, window: {left: 90}, documents: [0, 20, 131, 203]}
            input: {random: {tokens: 203, heads: 5, kvHeads: 2, dim: 20, dimV: 12, dtype: bf16}}
            output: out.safetensors
            verify: all
            report: report.json
            """.formatted(String.join(", ", Schedules.names()));

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({"FOREIGN, 3", "JAVA, 2"})
    void resultsOfAllSchedulesAreVerified(MpiBinding binding, int ranks) throws Exception {
        OpenMpi.missing(binding).ifPresent(reason -> assumeTrue(false, reason));
        Path job = Files.writeString(directory.resolve("job.yaml"), JOB);
        List<String> program = OpenMpi.program(binding, Launcher.class, "run", job.toString());
        Path log = directory.resolve("log");
        int status = OpenMpi.run(OpenMpi.mpirun(List.of(), ranks, program), log);
        assertThat(status).as(Files.readString(log)).isZero();
        Map<String, Object> report = JSON.std.mapFrom(Files.readString(directory.resolve("report.json")));
        assertThat(report)
                .extractingByKey("job", InstanceOfAssertFactories.MAP)
                .containsEntry("transport", "mpi")
                .containsEntry("workers", ranks);
        assertThat(report)
                .extractingByKey("schedules", InstanceOfAssertFactories.list(Map.class))
                .extracting(schedule -> schedule.get("schedule"))
                .containsExactlyElementsOf(Schedules.names());
        assertThat(directory.resolve("out.safetensors")).isNotEmptyFile();
    }
}
