package org.ringwood.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.mpi.MpiBinding;
import org.ringwood.collectives.mpi.OpenMpi;
import org.ringwood.runtime.sweep.Results;

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

    private static final String SWEEP = """
            warmup: 0
            iterations: 1
            baseline: none
            axes: {workers: 1, tokens: 40, heads: 2, dims: 8, transport: mpi}
            job: {threads: 1, device: scalar, verify: {samples: 16}}
            """;

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

    /** What srun --mpi=pmix tells the only task of a step: its variables and PMIx's, and none of mpirun's own. */
    @ParameterizedTest
    @ValueSource(strings = {"run", "bench"})
    void theOnlyTaskOfSlurmIsARankItself(String command) throws Exception {
        OpenMpi.missing(MpiBinding.FOREIGN).ifPresent(reason -> assumeTrue(false, reason));
        boolean job = command.equals("run");
        Path file = Files.writeString(directory.resolve("file.yaml"), job ? JOB : SWEEP);
        List<String> program = new ArrayList<>(List.of("env", "-u", "OMPI_COMM_WORLD_RANK"));
        program.addAll(List.of("-u", "OMPI_COMM_WORLD_SIZE", "SLURM_JOB_ID=17", "SLURM_STEP_ID=0"));
        program.addAll(List.of("SLURM_STEP_NODELIST=localhost", "SLURM_PROCID=0", "SLURM_NTASKS=1"));
        program.addAll(OpenMpi.program(MpiBinding.FOREIGN, Launcher.class, command, file.toString()));
        Path out = directory.resolve("out");
        if (!job) {
            program.addAll(List.of("--out", out.toString()));
        }
        Path log = directory.resolve("log");
        int status = OpenMpi.run(OpenMpi.mpirun(List.of(), 1, program), log);
        assertThat(status).as(Files.readString(log)).isZero();
        if (job) {
            assertThat(Files.readString(directory.resolve("report.json"))).contains("\"mpi\"");
        } else {
            assertThat(Results.read(out).rows()).hasSize(1);
        }
    }

    /** Unless transports are named, all are measured. */
    @Test
    void linksAreMeasuredOverMpiToo() throws Exception {
        OpenMpi.missing(MpiBinding.FOREIGN).ifPresent(reason -> assumeTrue(false, reason));
        List<String> program =
                OpenMpi.program(MpiBinding.FOREIGN, Launcher.class, "bench", "net", "-e", "1024", "-i", "1");
        Path log = directory.resolve("log");
        int status = OpenMpi.run(OpenMpi.mpirunOnNodes(List.of(2, 1), program), log);
        assertThat(status).as(Files.readString(log)).isZero();
        assertThat(Files.readString(log)).contains(", aeron,", ", auto,", ", mpi,", ", shm-mpi,");
    }
}
