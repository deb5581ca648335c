package org.ringwood.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SliceIndex;

/** Random masks, and questions about them, against a table of all their pairs. */
class MaskTest {
    private static final int CASES = 4000;

    @Test
    void admitsExactlyWhatTheRuleSays() {
        for (long seed = 0; seed < CASES; seed++) {
            RandomMasks.Case example = RandomMasks.any(new SplittableRandom(seed), (seed & 1) == 0);
            Mask mask = example.mask();
            long area = 0;
            for (long q = 0; q < example.queries(); q++) {
                for (long k = 0; k < example.keys(); k++) {
                    boolean admitted = example.admits().test(q, k);
                    area += admitted ? 1 : 0;
                    assertThat(slicesWith(mask, q, k))
                            .as("seed %d: %s: slices that admit (%d, %d)", seed, example, q, k)
                            .isEqualTo(admitted ? 1 : 0);
                }
            }
            assertThat(mask.area()).as("seed %d: %s", seed, example).isEqualTo(area);
            assertThat(mask.slices()).as("seed %d: %s", seed, example).isSortedAccordingTo(SliceIndex.ORDER);
            assertThat(mask.slices()).as("seed %d: %s", seed, example).noneMatch(Slice::isEmpty);
        }
    }

    private static long slicesWith(Mask mask, long q, long k) {
        return mask.slices().stream().filter(slice -> slice.admits(q, k)).count();
    }

    @Test
    void answersQuestionsAboutShards() {
        for (long seed = 0; seed < CASES; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            RandomMasks.Case example = RandomMasks.any(random, (seed & 1) == 0);
            Mask mask = example.mask();
            Positions queries = part(random, mask.queries());
            Positions keys = part(random, mask.keys());
            long area = 0;
            List<Chunk> neededKeys = new ArrayList<>();
            List<Chunk> neededRows = new ArrayList<>();
            for (long k = 0; k < mask.keys(); k++) {
                if (attended(example, queries, k) > 0) {
                    neededKeys.add(new Chunk(k, k + 1));
                }
            }
            for (long row = 0; row < keys.rows(); row++) {
                long pairs = attended(example, queries, keys.position(row));
                area += pairs;
                if (pairs > 0) {
                    neededRows.add(new Chunk(row, row + 1));
                }
            }
            String what = "seed " + seed + ": " + example + ", queries " + queries + ", keys " + keys;
            assertThat(mask.extract(queries, keys).area()).as(what).isEqualTo(area);
            assertThat(mask.transposed().extract(keys, queries).area()).as(what).isEqualTo(area);
            assertThat(mask.transposed().transposed()).as(what).isEqualTo(mask);
            assertThat(mask.keysNeededBy(queries)).as(what).isEqualTo(Ranges.of(neededKeys));
            assertThat(mask.keysNeededBy(queries).rowsIn(keys)).as(what).isEqualTo(Ranges.of(neededRows));
            assertThat(mask.extract(queries, keys).slices())
                    .as(what)
                    .isEqualTo(mask.slices().stream()
                            .filter(slice -> meets(slice, queries, keys))
                            .toList());
        }
    }

    private static long attended(RandomMasks.Case example, Positions queries, long key) {
        long count = 0;
        for (long row = 0; row < queries.rows(); row++) {
            count += example.admits().test(queries.position(row), key) ? 1 : 0;
        }
        return count;
    }

    private static boolean meets(Slice slice, Positions queries, Positions keys) {
        for (long row = 0; row < queries.rows(); row++) {
            for (long key = 0; key < keys.rows(); key++) {
                if (slice.admits(queries.position(row), keys.position(key))) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Some runs of a sequence, not always in ascending order. */
    private static Positions part(RandomGenerator random, long tokens) {
        List<Long> bounds = RandomMasks.bounds(random, tokens, 6);
        List<Chunk> chunks = new ArrayList<>();
        for (int i = 0; i + 1 < bounds.size(); i++) {
            if (random.nextBoolean()) {
                chunks.add(random.nextInt(chunks.size() + 1), new Chunk(bounds.get(i), bounds.get(i + 1)));
            }
        }
        return Positions.of(chunks);
    }
}
