package org.ringwood.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.runtime.sweep.Measurement;
import org.ringwood.runtime.sweep.Provenance;
import org.ringwood.runtime.sweep.Results;

/** Sweeps as users start them. */
@Timeout(200)
class BenchTest {
    private static final String SWEEP = """
            title: A sweep
            warmup: 0
            iterations: 2
            axes:
              schedules: [ring, tree]
              partitions: zigzag
              workers: 2
              tokens: 97
              heads: 4/2
              dims: 16
              mask: causal
              transport: [shm, aeron]
            job: {threads: 1, timeouts: {peer: 60s}, verify: {samples: 16}}
            """;

    @TempDir
    private Path directory;

    private Path file;
    private Path out;

    @BeforeEach
    void write() throws IOException {
        file = Files.writeString(directory.resolve("sweep.yaml"), SWEEP);
        out = directory.resolve("out");
    }

    private int bench(String... arguments) throws Exception {
        List<String> all = Stream.concat(
                        Stream.of("bench", file.toString(), "--out", out.toString()), Stream.of(arguments))
                .toList();
        try (LaunchedProgram program = LaunchedProgram.ringwood(directory, all.toArray(String[]::new))) {
            int code = program.await();
            assertThat(program.complaints().stream().filter(line -> !line.contains("nothing is to be")))
                    .as(program.err())
                    .isEmpty();
            return code;
        }
    }

    /** Two transports in one start of two processes, and the baseline alone; then a resumption after a loss. */
    @Test
    void aSweepIsMeasuredVerifiedAndResumed() throws Exception {
        assertThat(bench()).isZero();
        Results first = Results.read(out);
        assertThat(first.notes()).isEmpty();
        // A baseline and 2 schedules over 2 transports, twice each.
        assertThat(first.rows()).hasSize((1 + 4) * 2);
        assertThat(first.provenance()).hasSize(3);
        assertThat(first.rows()).allSatisfy(row -> {
            assertThat(row.verifiedPairs()).isGreaterThanOrEqualTo(16);
            assertThat(row.errorMaxAbs()).isLessThanOrEqualTo(row.errorBound());
            assertThat(row.timeUs()).isPositive().isEqualTo(row.timeUsMax()).isGreaterThanOrEqualTo(row.timeUsMin());
            assertThat(row.predictedUs()).isPositive();
            assertThat(row.linkBytesPerS())
                    .satisfies(
                            rate -> assertThat(row.workers() == 1 || rate > 0).isTrue());
        });
        // The ring sends keys and values: of 97 tokens, those that a later rank needs.
        assertThat(first.rows())
                .filteredOn(row -> row.schedule().equals("ring") && row.workers() == 2)
                .allSatisfy(row -> {
                    assertThat(row.bytesInterNode()).isZero();
                    assertThat((double) row.bytesIntraNode()).isEqualTo(row.bytesNeeded());
                });
        Provenance of = first.provenance().values().iterator().next();
        assertThat(of.ranks()).isNotEmpty();
        assertThat(of.jobs()).isNotEmpty();

        Path lossy = out.resolve(first.rows().getLast().run() + ".csv");
        List<String> lines = Files.readAllLines(lossy);
        Files.writeString(lossy, String.join("\n", lines.subList(0, lines.size() - 1)) + "\nhalf");
        assertThat(bench("--resume")).isZero();
        Results second = Results.read(out);
        assertThat(second.rows()).hasSize(first.rows().size());
        assertThat(second.done()).isEqualTo(first.done());
        assertThat(second.rows())
                .extracting(Measurement::run)
                .contains(first.rows().getLast().run());
        assertThat(bench("--resume")).isZero();
        assertThat(Results.read(out).rows()).hasSize(first.rows().size());
    }

    @Test
    void threadsPlaySeveralNodes() throws Exception {
        assertThat(bench(
                        "--set", "axes.transport=inprocess",
                        "--set", "axes.nodes=2",
                        "--set", "axes.workers=4",
                        "--set", "baseline=none",
                        "--set", "iterations=1"))
                .isZero();
        Results results = Results.read(out);
        assertThat(results.rows()).hasSize(2).allSatisfy(row -> {
            assertThat(row.nodes()).isEqualTo(2);
            assertThat(row.bytesInterNode()).isPositive();
        });
        assertThat(results.provenance().values())
                .allSatisfy(run -> assertThat(run.emulated()).contains("threads of one process"));
    }

    /** Links between threads and between processes, and a page of it. */
    @Test
    void linksAreMeasuredAndDrawn() throws Exception {
        try (LaunchedProgram program = LaunchedProgram.ringwood(
                directory,
                "bench",
                "net",
                "-e",
                "4096",
                "-i",
                "2",
                "--transport",
                "inprocess,shm",
                "--out",
                out.toString())) {
            assertThat(program.await()).as(program.err()).isZero();
            assertThat(program.out()).contains("algbw    busbw  #wrong", "# all_reduce, shm, all 2 ranks");
        }
        Results results = Results.read(out);
        assertThat(results.links())
                .hasSize(2 * 4)
                .allSatisfy(link -> assertThat(link.wrong()).isZero());
        try (LaunchedProgram program = LaunchedProgram.ringwood(directory, "plot", out.toString())) {
            assertThat(program.await()).as(program.err()).isZero();
            assertThat(out.resolve("index.html")).content().contains("The links themselves");
        }
    }

    /** What stops rank 0 is known before it leaves the group, which else would look like the reason to those who wait for it. */
    @Test
    void aPlaceThatCannotBeWrittenIsNamedAndNotTheRankThatLeaves() throws Exception {
        Path within = file.resolve("out");
        try (LaunchedProgram program = LaunchedProgram.ringwood(
                directory,
                "bench",
                file.toString(),
                "--out",
                within.toString(),
                "--set",
                "baseline=none",
                "--set",
                "axes.transport=aeron")) {
            assertThat(program.await()).as(program.err()).isEqualTo(2);
            assertThat(program.err()).contains("sweep.yaml/out/").doesNotContain("left the job");
        }
    }

    /** Also in the shell of a batch job of several tasks, which starts ranks and is none. */
    @Test
    void aDryRunStartsNothing() throws Exception {
        Map<String, String> shell =
                Map.of("SLURM_JOB_ID", "17", "SLURM_NTASKS", "4", "SLURM_JOB_NUM_NODES", "4", "SLURM_PROCID", "0");
        try (LaunchedProgram program =
                LaunchedProgram.ringwood(directory, shell, "bench", file.toString(), "--dry-run")) {
            assertThat(program.await()).as(program.err()).isZero();
            assertThat(program.out()).contains("5 rows, of which 5 are to be measured on nodes/workers: 1/1 1/2");
        }
    }

    @Test
    void aSweepWithoutAPlaceIsRefused() throws Exception {
        try (LaunchedProgram program = LaunchedProgram.ringwood(directory, "bench", file.toString())) {
            assertThat(program.await()).isEqualTo(2);
            assertThat(program.complaints()).hasSize(1).first().asString().contains("--out is missing");
        }
    }
}
