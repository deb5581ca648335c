package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The lowering of slices to rows against brute force, and its size. */
class RowSlicesTest {
    private static final int SIDE = 24;
    private static final List<Slice.Kind> KINDS = List.of(Slice.Kind.values());

    @Test
    void admitsTheRowsWhosePositionsAreAdmitted() {
        for (int seed = 0; seed < 1500; seed++) {
            Random random = new Random(seed);
            List<Slice> slices = disjointSlices(random);
            Positions queries = positions(random);
            Positions keys = positions(random);
            List<Slice> rows = lower(slices, queries, keys);
            for (long q = 0; q < queries.rows(); q++) {
                for (long k = 0; k < keys.rows(); k++) {
                    long row = q;
                    long key = k;
                    long expected = slices.stream()
                            .filter(s -> s.admits(queries.position(row), keys.position(key)))
                            .count();
                    long actual = rows.stream().filter(s -> s.admits(row, key)).count();
                    if (expected != actual) {
                        throw new AssertionError("seed " + seed + ": row (" + q + ", " + k + ") is admitted by "
                                + actual + " of " + rows + ", expected " + expected);
                    }
                }
            }
            assertThat(rows).as("seed %d", seed).noneMatch(Slice::isEmpty);
        }
    }

    @Test
    void keysOfTheIndexAreThoseAdmitted() {
        for (int seed = 0; seed < 500; seed++) {
            List<Slice> slices = disjointSlices(new Random(seed));
            SliceIndex index = new SliceIndex(slices);
            for (long q = 0; q < SIDE; q++) {
                List<Long> found = new ArrayList<>();
                for (Chunk run : index.keys(q)) {
                    for (long k = run.from(); k < run.to(); k++) {
                        found.add(k);
                    }
                }
                List<Long> expected = new ArrayList<>();
                for (long k = 0; k < 2 * SIDE; k++) {
                    long query = q;
                    long key = k;
                    if (slices.stream().anyMatch(s -> s.admits(query, key))) {
                        expected.add(k);
                    }
                }
                assertThat(found).as("seed %d, query %d", seed, q).isEqualTo(expected);
            }
        }
    }

    @Test
    void joinsTheFullRectanglesOfAShard() {
        Positions even = striped(0, 2, 8, 10);
        assertThat(lower(List.of(Slice.full(0, 160, 0, 160)), even, even)).containsExactly(Slice.full(0, 80, 0, 80));
    }

    @Test
    void aStripedCausalShardOfAThousandRunsGivesThousandsOfSlices() {
        Positions shard = striped(1, 4, 64, 1000);
        long tokens = 4 * 64 * 1000;
        List<Slice> rows = lower(List.of(Slice.of(0, tokens, 0, tokens, Slice.Kind.CAUSAL)), shard, shard);
        assertThat(rows).hasSize(1999);
        assertThat(rows.stream().mapToLong(Slice::area).sum()).isEqualTo(64_000L * 64_001 / 2);
    }

    @Test
    void aHundredThousandDocumentsOverDozensOfChunksStaySmall() {
        List<Slice> documents = documents(100_000);
        Positions shard = striped(0, 2, 10_007, 48);
        List<Slice> rows = lower(documents, shard, shard);
        assertThat(rows).hasSizeLessThan(50_000);
        assertThat(rows.stream().mapToLong(Slice::area).sum())
                .isBetween(shard.rows() * 11 / 2 - 48 * 50, shard.rows() * 11 / 2);
    }

    @Test
    void aLongLoweringCanBeEndedAtAnyTime() {
        List<Slice> documents = documents(100_000);
        Positions rows = Positions.range(0, 1_000_000);
        AtomicInteger polls = new AtomicInteger();
        List<Slice> lowered = RowSlices.lower(documents, rows, rows, polls::incrementAndGet);
        int whole = polls.get();
        assertThat(whole).isGreaterThan(100);
        assertEndsAt(whole / 2, poll -> RowSlices.lower(documents, rows, rows, poll));
        assertEndsAt(whole, poll -> RowSlices.lower(documents, rows, rows, poll));
        assertEndsAt(30, poll -> new SliceIndex(lowered, poll));
    }

    /** A lowering or indexing ends when the poll throws, and asks no more. */
    private static void assertEndsAt(int poll, Consumer<Runnable> work) {
        AtomicInteger polls = new AtomicInteger();
        assertThatThrownBy(() -> work.accept(() -> {
                    if (polls.incrementAndGet() >= poll) {
                        throw new CancellationException("at " + poll);
                    }
                }))
                .hasMessage("at " + poll);
        assertThat(polls).hasValue(poll);
    }

    /** Causal documents of 10 tokens. */
    private static List<Slice> documents(int count) {
        List<Slice> documents = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            documents.add(Slice.of(i * 10, i * 10 + 10, i * 10, i * 10 + 10, Slice.Kind.CAUSAL));
        }
        return documents;
    }

    private static List<Slice> lower(List<Slice> slices, Positions queries, Positions keys) {
        return RowSlices.lower(slices, queries, keys, () -> {});
    }

    /** Chunks {@code first, first + step, …} of {@code length} positions. */
    private static Positions striped(int first, int step, int length, int count) {
        List<Chunk> chunks = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            long from = (first + i * step) * length;
            chunks.add(new Chunk(from, from + length));
        }
        return Positions.of(chunks);
    }

    private static Positions positions(Random random) {
        List<Chunk> chunks = new ArrayList<>();
        long at = random.nextInt(3);
        while (at < SIDE) {
            long to = Math.min(SIDE, at + random.nextInt(6));
            chunks.add(new Chunk(at, to));
            at = to + random.nextInt(4);
        }
        if (random.nextInt(3) == 0) {
            Collections.shuffle(chunks, random);
        }
        return Positions.of(chunks);
    }

    /** Random slices, each cut by the rectangles of a random grid, so that they are disjoint. */
    private static List<Slice> disjointSlices(Random random) {
        int qStep = 1 + random.nextInt(SIDE);
        int kStep = 1 + random.nextInt(SIDE);
        List<Slice> slices = new ArrayList<>();
        for (int q = 0; q < SIDE; q += qStep) {
            for (int k = 0; k < SIDE; k += kStep) {
                int highest = random.nextInt(2 * SIDE) - SIDE;
                Slice slice = switch (random.nextInt(4)) {
                    case 0 -> Slice.EMPTY;
                    case 1 -> Slice.of(q, q + qStep, k, k + kStep, KINDS.get(random.nextInt(KINDS.size())));
                    default -> new Slice(q, q + qStep, k, k + kStep, highest - random.nextInt(SIDE), highest);
                };
                slices.add(slice);
            }
        }
        Collections.shuffle(slices, random);
        return slices;
    }
}
