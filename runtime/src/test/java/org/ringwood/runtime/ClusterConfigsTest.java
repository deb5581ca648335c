package org.ringwood.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.job.JobFile;

/** The ready-made job files can be read, planned and, with small inputs, run. */
class ClusterConfigsTest {
    private static final Path CONFIGS = Path.of("..", "cluster-configs");

    @TempDir
    Path directory;

    static List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(CONFIGS)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".yaml"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void thereIsOneForEveryKindOfMachine() throws IOException {
        assertThat(names())
                .contains(
                        "quickstart.yaml", "one-node.yaml", "several-nodes.yaml", "slurm-aeron.yaml", "slurm-mpi.yaml");
    }

    @ParameterizedTest
    @MethodSource("names")
    void canBePlanned(String name) throws Exception {
        Job job = JobFile.read(CONFIGS.resolve(name), List.of(), Map.of());
        assertThat(job.input()).as("of %s", name).isNotNull();
        String file = CONFIGS.resolve(name).toAbsolutePath().normalize().toString();
        try (LaunchedProgram plan =
                LaunchedProgram.ringwood(directory, "plan", file, "--nodes", "2", "--workers", "4", "--cores", "32")) {
            assertThat(plan.await()).as(plan.err()).isZero();
            assertThat(plan.out()).contains("sbatch --nodes=2 --ntasks-per-node=2 --cpus-per-task=16 --mem=", name);
        }
    }

    /** Where the launcher is this machine alone; what needs MPI's is run by the tests of that transport. */
    @ParameterizedTest
    @CsvSource({
        "quickstart.yaml, workers=2 attention.schedule=ring",
        "one-node.yaml, workers=2 input.random.tokens=300",
        "several-nodes.yaml, workers=2 input.random.tokens=300 transport=aeron",
        "slurm-aeron.yaml, workers=2 input.random.tokens=300"
    })
    void canBeRun(String name, String settings) throws Exception {
        String file = CONFIGS.resolve(name).toAbsolutePath().normalize().toString();
        List<String> arguments = new ArrayList<>(List.of("run", file));
        for (String setting : List.of((settings + " timeouts.peer=60s").split(" "))) {
            arguments.addAll(List.of("--set", setting));
        }
        try (LaunchedProgram run = LaunchedProgram.ringwood(directory, arguments.toArray(String[]::new))) {
            assertThat(run.await()).as(run.err()).isZero();
            assertThat(run.out()).contains("error (allowed)");
            assertThat(run.leftovers()).isEmpty();
        }
    }
}
