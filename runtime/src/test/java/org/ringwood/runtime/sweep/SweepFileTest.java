package org.ringwood.runtime.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.ringwood.kernels.DType;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.job.Job;

class SweepFileTest {
    private static final String SIZES = "tokens: 64, heads: 4, dims: 16";

    private static Sweep sweep(String text, String... settings) {
        return SweepFile.parse(text, Path.of("sweep.yaml"), List.of(settings));
    }

    private static Sweep axes(String axes) {
        return sweep("axes: {" + SIZES + ", " + axes + "}");
    }

    @Test
    void everyCombinationIsARow() {
        Sweep sweep = sweep("""
                baseline: none
                axes:
                  schedules: [ring, tree]
                  partitions: [contiguous, zigzag]
                  workers: [1, 2, 4]
                  tokens: [64, 100]
                  heads: [4, 4/2]
                  dims: [16, 16/8]
                  dtype: [f32, bf16]
                  mask: [full, causal, {causal: true, window: {left: 7}}]
                """);
        assertThat(sweep.rows()).hasSize(2 * 2 * 3 * 2 * 2 * 2 * 2 * 3);
        assertThat(sweep.rows()).extracting(Row::id).doesNotHaveDuplicates();
        assertThat(sweep.rows()).anySatisfy(row -> {
            assertThat(row.schedule()).isEqualTo(Job.Schedule.TREE);
            assertThat(row.job().attention().partition()).isEqualTo(Job.Partition.ZIGZAG);
            assertThat(row.workers()).isEqualTo(4);
            assertThat(row.sizes().tokens()).isEqualTo(100);
            assertThat(row.sizes().queries()).isEqualTo(100);
            assertThat(row.sizes().kvHeads()).isEqualTo(2);
            assertThat(row.sizes().dimV()).isEqualTo(8);
            assertThat(row.sizes().dtype()).isEqualTo(DType.BF16);
            assertThat(row.mask()).isEqualTo("{causal: true, window: {left: 7}}");
        });
    }

    @Test
    void whatIsNotSaidIsUsual() {
        Sweep sweep = axes("workers: 2");
        assertThat(sweep.name()).isEqualTo("sweep");
        assertThat(sweep.warmup()).isEqualTo(1);
        assertThat(sweep.iterations()).isEqualTo(3);
        assertThat(sweep.baseline()).isEqualTo(Baseline.ONE_WORKER);
        Row row = sweep.rows().getLast();
        assertThat(row.schedule()).isEqualTo(Job.Schedule.AUTO);
        assertThat(row.nodes()).isEqualTo(1);
        assertThat(row.scaling()).isEqualTo(Scaling.STRONG);
        assertThat(row.baseline()).contains(sweep.rows().getFirst().id());
    }

    @Test
    void oneWorkerIsTheBaselineOfAllSchedulesAndPartitions() {
        Sweep sweep = axes("schedules: [ring, gather], partitions: [contiguous, striped], workers: [2, 3]");
        Row baseline = sweep.rows().getFirst();
        assertThat(baseline.workers()).isEqualTo(1);
        assertThat(sweep.rows()).hasSize(1 + 8);
        assertThat(sweep.rows().subList(1, 9))
                .allSatisfy(row -> assertThat(row.baseline()).contains(baseline.id()));
    }

    @Test
    void oneProcessWithTheSameThreadsIsABaselineForEachNumberOfWorkers() {
        String text = "baseline: same-threads\njob: {threads: 2}\naxes: {" + SIZES + ", workers: [2, 3]}";
        assertThat(sweep(text).rows())
                .filteredOn(row -> row.workers() == 1)
                .extracting(row -> row.job().threads().orElseThrow())
                .containsExactly(4, 6);
        assertThatThrownBy(() -> sweep(text.replace("threads: 2", "threads: auto")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("same-threads needs to know the threads");
    }

    @Test
    void workersMayBeCountedOnEachNode() {
        Sweep sweep = sweep("baseline: none\naxes: {" + SIZES + ", nodes: [1, 2, 4], workersPerNode: 3}");
        assertThat(sweep.rows()).extracting(Row::nodes).containsExactly(1, 2, 4);
        assertThat(sweep.rows()).extracting(Row::workers).containsExactly(3, 6, 12);
    }

    @Test
    void combinationsWithoutMeaningAreLeftOutAndTold() {
        Sweep sweep =
                sweep("baseline: none\naxes: {" + SIZES + ", nodes: [1, 4], workers: 2, transport: [shm, aeron]}");
        assertThat(sweep.rows()).hasSize(2);
        assertThat(sweep.leftOut()).containsExactly("2 workers do not fill 4 nodes");
        assertThatThrownBy(() -> axes("nodes: 2, workers: 2, transport: shm"))
                .hasMessageContaining("shm does not reach from node to node");
    }

    @Test
    void weakScalingHoldsTokensOrWork() {
        String text = "scaling: SCALING\nbaseline: one-worker\naxes: {" + SIZES + ", workers: 4, mask: MASK}";
        assertThat(tokens(text.replace("SCALING", "weak-tokens").replace("MASK", "full")))
                .isEqualTo(256);
        assertThat(tokens(text.replace("SCALING", "weak-work").replace("MASK", "full")))
                .isEqualTo(128);
        // 64·65/2 pairs a worker: 4 times as many are first there with 129 tokens, of which 128 have 32 too few.
        assertThat(tokens(text.replace("SCALING", "weak-work").replace("MASK", "causal")))
                .isEqualTo(129);
        String decoding = text.replace("workers", "queries: 1, workers").replace("MASK", "full");
        assertThat(tokens(decoding.replace("SCALING", "weak-work"))).isEqualTo(256);
        assertThat(sweep(decoding.replace("SCALING", "weak-tokens")).rows())
                .allSatisfy(row -> assertThat(row.sizes().queries()).isEqualTo(1));
    }

    private static long tokens(String text) {
        Sweep sweep = sweep(text);
        assertThat(sweep.rows().getFirst().sizes().tokens()).isEqualTo(64);
        return sweep.rows().getLast().sizes().tokens();
    }

    @Test
    void idsTellRowsApartAndDoNotDependOnTimeouts() {
        String text = "baseline: none\njob: {timeouts: {peer: 5s}}\naxes: {" + SIZES + "}";
        String id = sweep(text).rows().getFirst().id();
        assertThat(sweep(text.replace("5s", "9s")).rows().getFirst().id()).isEqualTo(id);
        assertThat(sweep(text, "seed=2").rows().getFirst().id()).isNotEqualTo(id);
        assertThat(sweep(text, "axes.mask=causal").rows().getFirst().id()).isNotEqualTo(id);
        assertThat(sweep(text, "job.threads=1").rows().getFirst().id()).isNotEqualTo(id);
    }

    @Test
    void whatIsThereIsNotPending() {
        Sweep sweep = sweep("baseline: none\niterations: 3\naxes: {" + SIZES + ", workers: [1, 2, 3]}");
        List<Row> rows = sweep.rows();
        Pending pending = Pending.of(
                sweep, Map.of(rows.get(0).id(), Set.of(0, 1, 2), rows.get(1).id(), Set.of(0, 2)));
        assertThat(pending.rows()).containsExactly(rows.get(1), rows.get(2));
        assertThat(pending.iterations(rows.get(0))).isEmpty();
        assertThat(pending.iterations(rows.get(1))).containsExactly(1);
        Pending read = Pending.decode(sweep, pending.encode());
        assertThat(read.rows()).isEqualTo(pending.rows());
        assertThat(read.iterations(rows.get(1))).containsExactly(1);
        assertThat(read.iterations(rows.get(2))).containsExactly(0, 1, 2);
        assertThat(Pending.decode(sweep, pending.only(_ -> false).encode()).isEmpty())
                .isTrue();
    }

    /** The sweeps that come with Ringwood can be read, and have rows for the nodes that they are told for. */
    @ParameterizedTest
    @CsvSource({"tree-against-ring, 16", "causal-balance, 8", "where-each-wins, 8", "hidden-communication, 4"})
    void shippedExperimentsHaveRows(String name, int nodes) {
        Path file = Path.of("..", "cluster-configs", "experiments", name + ".yaml");
        Sweep sweep = SweepFile.read(file, List.of(), Map.of());
        assertThat(sweep.leftOut()).isEmpty();
        assertThat(sweep.rows().stream().mapToInt(Row::nodes).max()).hasValue(nodes);
    }

    static Stream<Arguments> mistakes() {
        String good = "axes: {tokens: 64, heads: 4, dims: 16}\n";
        return Stream.of(
                Arguments.of("axes: {heads: 4, dims: 16}", "sweep.yaml:1: axes.tokens is missing"),
                Arguments.of("warmups: 2\n" + good, "sweep.yaml:1: warmups is no known key; did you mean warmup?"),
                Arguments.of("axes: {tokens: 64, heads: 4, dims: 16, schedule: ring}", "did you mean schedules?"),
                Arguments.of(
                        "axes:\n  tokens: 64\n  heads: 4\n  dims: 16\n  schedules: [ring, rong]",
                        "sweep.yaml:5: attention.schedule cannot be \"rong\"; did you mean ring?"),
                Arguments.of("axes:\n  tokens: [64, x]\n  heads: 4\n  dims: 16", "sweep.yaml:2: axes.tokens must be"),
                Arguments.of("axes: {tokens: 64, heads: 4/x, dims: 16}", "axes.heads must be a whole number"),
                Arguments.of("axes: {tokens: 64, heads: 4/5, dims: 16}", "kvHeads must be a whole number from 1 to 4"),
                Arguments.of("axes: {tokens: 64, heads: 4, dims: 300}", "dim must be a whole number from 1 to 256"),
                Arguments.of("axes: {tokens: [], heads: 4, dims: 16}", "axes.tokens is an empty list"),
                Arguments.of("axes: {tokens: [64, 64], heads: 4, dims: 16}", "axes.tokens names 64 twice"),
                Arguments.of(
                        "axes: {tokens: 64, heads: 4, dims: 16, workers: 2, workersPerNode: 2}",
                        "axes.workersPerNode contradicts workers"),
                Arguments.of(
                        "axes: {tokens: 64, heads: 4, dims: 16, pass: backward}",
                        "\"backward\" is not in this version"),
                Arguments.of(
                        "axes: {tokens: 64, heads: 4, dims: 16, mask: {documents: [0, 9]}}",
                        "sweep.yaml:1: axes.mask {documents: [0, 9]} is refused"),
                Arguments.of(
                        "scaling: weak-work\naxes: {tokens: 64, heads: 4, dims: 16, workers: 2, mask: {documents: [0, 64]}}",
                        "as weak scaling needs"),
                Arguments.of(good + "job: {verify: none}", "job.verify cannot be none"),
                Arguments.of(good + "job: {transport: shm}", "job.transport is no known key"),
                Arguments.of(good + "job: {attention: {mask: full}}", "job.attention.mask is no known key"),
                Arguments.of(good + "iterations: 0", "iterations must be a whole number from 1"),
                Arguments.of(good + "scaling: weak", "scaling cannot be \"weak\""),
                Arguments.of(good + "plot: {x: time}", "plot.x cannot be \"time\""),
                Arguments.of("[]", "the file must be a mapping"));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void mistakesAreNamedWithTheirLine(String text, String complaint) {
        assertThatThrownBy(() -> sweep(text))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("sweep.yaml")
                .hasMessageContaining(complaint);
    }
}
