package org.ringwood.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code ringwood plan} as a user of a login node calls it. */
class PlanTest {
    @TempDir
    Path directory;

    private LaunchedProgram plan(String job, String... options) throws IOException {
        Path file = Files.writeString(directory.resolve("job.yaml"), job);
        List<String> arguments = new ArrayList<>(List.of("plan", file.toString()));
        arguments.addAll(List.of(options));
        return LaunchedProgram.ringwood(directory, arguments.toArray(String[]::new));
    }

    @Test
    void tenMillionTokensAreCheapToPlan() throws Exception {
        String job = """
                workers: auto
                device: cpu
                attention: {schedule: [ring, double-ring], mask: causal}
                input: {random: {tokens: 10000000, heads: 32, kvHeads: 8, dim: 128, dtype: bf16}}
                """;
        try (LaunchedProgram plan =
                plan(job, "--nodes", "16", "--workers", "64", "--cores", "96", "--link", "200Gb/s", "--cards", "4")) {
            assertThat(plan.await()).as(plan.err()).isZero();
            assertThat(plan.out())
                    .contains(
                            "on 64 workers of 16 machines, 4 each",
                            "2400 GFLOP/s a worker",
                            "4 x 25.0 GB/s across",
                            "double-ring",
                            "a worker needs",
                            "sbatch --nodes=16 --ntasks-per-node=4 --cpus-per-task=24 --mem=",
                            "slurm/attention.sbatch " + directory.resolve("job.yaml"))
                    .doesNotContain("--set workers", "--gres");
            assertThat(plan.leftovers()).isEmpty();
        }
    }

    /** The file says another number of workers, which the job would refuse. */
    @Test
    void whatIsAskedForFitsTheJob() throws Exception {
        String job = """
                workers: 2
                attention: {schedule: tree, partition: contiguous}
                input: {random: {tokens: 100, queries: 1, heads: 2, dim: 8}}
                """;
        try (LaunchedProgram plan = plan(job, "--nodes", "2", "--workers", "3", "--set", "threads=5")) {
            assertThat(plan.await()).as(plan.err()).isZero();
            assertThat(plan.out())
                    .contains(
                            "1 or 2 each",
                            "--nodes=2 --ntasks=3 --cpus-per-task=5 ",
                            "--set threads=5 --set workers=3");
        }
    }

    @Test
    void speedsThatAreListedAreTold() throws Exception {
        String job = """
                workers: 4
                device: [cpu, cpu, cuda, cuda]
                deviceMemory: 1GiB
                speeds: [1, 1, 4, 4]
                attention: {schedule: ring, partition: contiguous}
                input: {random: {tokens: 1000, heads: 4, dim: 8}}
                """;
        try (LaunchedProgram plan = plan(job, "--nodes", "2", "--cores", "8")) {
            assertThat(plan.await()).as(plan.err()).isZero();
            assertThat(plan.out())
                    .contains(
                            "GFLOP/s of the slowest worker",
                            "speeds: [1, 1, 4, 4]; with ring, contiguous the workers have 100, 100, 400, 400 queries",
                            "--gres=gpu:2 ")
                    .containsPattern("a GPU holds [0-9.]+ KiB of tensors at most for a worker, of 1.00 GiB that")
                    .containsPattern("ring +contiguous .* 1.00 ")
                    .containsPattern("ulysses +contiguous .* 2.50 ");
        }
        try (LaunchedProgram plan = plan(job, "--workers", "3")) {
            assertThat(plan.await()).isEqualTo(2);
            assertThat(plan.err()).contains("device lists 4, but there are 3 workers");
        }
        try (LaunchedProgram plan = plan(job, "--set", "speeds=measured", "--set", "deviceMemory=64KiB")) {
            assertThat(plan.await()).as(plan.err()).isZero();
            assertThat(plan.out())
                    .contains(", more than 64.0 KiB that deviceMemory allows: give a worker fewer tokens");
            assertThat(plan.out()).contains("speeds: measured when the job begins, here taken for equal");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "--link 5, not a rate",
        "--nodes 3, --workers",
        "--cards 0, --cards",
        "--gflops -1, --gflops",
        "--cores 0, --cores"
    })
    void badOptionsAreRefused(String options, String culprit) throws Exception {
        String job = "workers: 2\ninput: {random: {tokens: 100, heads: 2, dim: 8}}\n";
        try (LaunchedProgram plan = plan(job, options.split(" "))) {
            assertThat(plan.await()).isEqualTo(2);
            assertThat(plan.complaints()).singleElement().asString().contains(culprit);
        }
    }
}
