package org.ringwood.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SliceIndex;
import org.ringwood.kernels.cuda.driver.Driver;

/** Every admitted pair is in one piece of one run of its rows' block, and every tile in one part. */
class LaunchPlanTest {
    private record Fake() implements Driver.Function {}

    private record Pair(long row, long key) {}

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
    void plansOfRandomSlices(long seed) {
        Random random = new Random(seed);
        int rows = 1 + random.nextInt(150);
        int keys = 1 + random.nextInt(400);
        List<Slice> slices = slices(random, rows, keys);
        BlockShape shape = new BlockShape(64, 16 << random.nextInt(3), 16 << random.nextInt(3), 128, 0);
        int keyHeads = 1 + random.nextInt(3);
        int queryHeads = keyHeads + random.nextInt(40);
        AttendKernel kernel = new AttendKernel("fake", new Fake(), shape, 1 + random.nextInt(100));
        long from = random.nextInt(keys);
        LaunchPlan plan =
                new LaunchPlan(new SliceIndex(slices), rows, from, keys, queryHeads, keyHeads, kernel, () -> {});

        assertThat(plan.headsPerUnit() * plan.unitsPerKeyHead() * keyHeads).isGreaterThanOrEqualTo(queryHeads);
        assertThat(plan.rowsPerBlock() * plan.headsPerUnit()).isBetween(1, shape.queries());
        assertThat(pairs(plan, from)).as("seed %d", seed).isEqualTo(admitted(slices, from, keys));
        assertThat(tilesOfParts(plan, shape))
                .as("seed %d", seed)
                .isEqualTo(plan.isSplit() ? tiles(plan, shape) : Set.of());
        assertThat(plan.fill()).isBetween(0.0, Math.min(1, LaunchPlan.mostFill(rows, queryHeads, keyHeads, kernel)));
    }

    /** Disjoint, as each has a rectangle of its own. */
    private static List<Slice> slices(Random random, int rows, int keys) {
        List<Slice> slices = new ArrayList<>();
        int step = 1 + random.nextInt(120);
        for (int q = 0; q < rows; q += step) {
            for (int k = 0; k < keys; k += step) {
                int highest = random.nextInt(2 * keys) - keys / 2;
                slices.add(new Slice(
                        q,
                        Math.min(rows, q + step),
                        k,
                        Math.min(keys, k + step),
                        highest - random.nextInt(keys),
                        highest));
            }
        }
        return slices;
    }

    private static Set<Pair> admitted(List<Slice> slices, long keyFrom, long keyTo) {
        Set<Pair> pairs = new HashSet<>();
        for (Slice slice : slices) {
            for (long row = slice.qFrom(); row < slice.qTo(); row++) {
                for (long key = Math.max(keyFrom, slice.keyFrom(row)); key < Math.min(keyTo, slice.keyTo(row)); key++) {
                    pairs.add(new Pair(row, key));
                }
            }
        }
        return pairs;
    }

    /** The pairs as a kernel finds them; it counts keys from the first that is on the device. */
    private static Set<Pair> pairs(LaunchPlan plan, long keyFrom) {
        Set<Pair> pairs = new HashSet<>();
        for (int block = 0; block < plan.blocks.size(); block++) {
            long firstRow = (long) block * plan.rowsPerBlock();
            long behind = 0;
            for (int run = plan.blocks.get(block, 0); run < plan.blocks.get(block, 1); run++) {
                long firstKey = plan.runs.get(run, 0) + ((long) plan.runs.get(run, 1) << 32);
                assertThat(firstKey).as("runs ascend").isGreaterThanOrEqualTo(behind);
                behind = firstKey + plan.runs.get(run, 2);
                for (int piece = plan.runs.get(run, 3); piece < plan.runs.get(run, 4); piece++) {
                    addPairs(plan.pieces, piece, firstRow, keyFrom + firstKey, pairs);
                }
            }
        }
        return pairs;
    }

    private static void addPairs(IntTable pieces, int piece, long firstRow, long firstKey, Set<Pair> pairs) {
        for (int q = pieces.get(piece, 0); q < pieces.get(piece, 1); q++) {
            for (int k = pieces.get(piece, 2); k < pieces.get(piece, 3); k++) {
                if (k - q >= pieces.get(piece, 4) && k - q <= pieces.get(piece, 5)) {
                    assertThat(pairs.add(new Pair(firstRow + q, firstKey + k)))
                            .as("a pair in two pieces")
                            .isTrue();
                }
            }
        }
    }

    /** Block, unit, run and number of a tile within it. */
    private static Set<List<Integer>> tiles(LaunchPlan plan, BlockShape shape) {
        Set<List<Integer>> tiles = new HashSet<>();
        for (int unit = 0; unit < plan.units(); unit++) {
            for (int block = 0; block < plan.blocks.size(); block++) {
                for (int run = plan.blocks.get(block, 0); run < plan.blocks.get(block, 1); run++) {
                    for (int tile = 0; tile * shape.keys() < plan.runs.get(run, 2); tile++) {
                        tiles.add(List.of(block, unit, run, tile));
                    }
                }
            }
        }
        return tiles;
    }

    /** A kernel goes on with the next run of the block where one ends. */
    private static Set<List<Integer>> tilesOfParts(LaunchPlan plan, BlockShape shape) {
        Set<List<Integer>> tiles = new HashSet<>();
        for (int part = 0; part < plan.parts.size(); part++) {
            int run = plan.parts.get(part, 2);
            int tile = plan.parts.get(part, 3) / shape.keys();
            for (int left = plan.parts.get(part, 4); left > 0; left--) {
                if (tile * shape.keys() >= plan.runs.get(run, 2)) {
                    run++;
                    tile = 0;
                }
                assertThat(tiles.add(List.of(plan.parts.get(part, 0), plan.parts.get(part, 1), run, tile)))
                        .as("a tile in two parts")
                        .isTrue();
                tile++;
            }
        }
        return tiles;
    }
}
