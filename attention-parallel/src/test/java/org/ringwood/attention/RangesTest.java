package org.ringwood.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Positions;

/** Random ranges against sets of numbers. */
class RangesTest {
    @Test
    void isASetOfNumbers() {
        for (long seed = 0; seed < 3000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            List<Chunk> some = chunks(random);
            List<Chunk> more = chunks(random);
            Ranges a = Ranges.of(some);
            Ranges b = Ranges.of(more);
            Set<Long> union = numbers(some);
            union.addAll(numbers(more));
            String what = "seed " + seed + ": " + some + " and " + more;
            assertThat(numbers(a.chunks())).as(what).isEqualTo(numbers(some));
            assertThat(a.size()).as(what).isEqualTo(numbers(some).size());
            assertThat(numbers(a.union(b).chunks())).as(what).isEqualTo(union);
            assertNormal(a.union(b), what);
            Set<Long> common = numbers(some);
            common.retainAll(numbers(more));
            assertThat(numbers(a.intersection(b).chunks())).as(what).isEqualTo(common);
            assertNormal(a.intersection(b), what);
            Set<Long> left = numbers(some);
            left.removeAll(common);
            assertThat(numbers(a.without(b).chunks())).as(what).isEqualTo(left);
            assertNormal(a.without(b), what);
        }
    }

    @Test
    void findsItsRowsInATensor() {
        for (long seed = 0; seed < 3000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            List<Chunk> wanted = chunks(random);
            List<Chunk> shuffled = new ArrayList<>();
            for (Chunk chunk : Ranges.of(chunks(random)).chunks()) {
                shuffled.add(random.nextInt(shuffled.size() + 1), chunk);
            }
            Positions positions = Positions.of(shuffled);
            Set<Long> rows = new TreeSet<>();
            for (long row = 0; row < positions.rows(); row++) {
                if (numbers(wanted).contains(positions.position(row))) {
                    rows.add(row);
                }
            }
            String what = "seed " + seed + ": " + wanted + " in " + positions;
            Ranges found = Ranges.of(wanted).rowsIn(positions);
            assertThat(numbers(found.chunks())).as(what).isEqualTo(rows);
            assertNormal(found, what);
        }
    }

    private static void assertNormal(Ranges ranges, String what) {
        for (int i = 0; i < ranges.chunks().size(); i++) {
            assertThat(ranges.chunks().get(i).length()).as(what).isPositive();
            if (i > 0) {
                assertThat(ranges.chunks().get(i).from())
                        .as(what)
                        .isGreaterThan(ranges.chunks().get(i - 1).to());
            }
        }
    }

    private static List<Chunk> chunks(RandomGenerator random) {
        List<Chunk> chunks = new ArrayList<>();
        for (int i = random.nextInt(7); i > 0; i--) {
            long from = random.nextInt(60);
            chunks.add(new Chunk(from, from + random.nextInt(12)));
        }
        return chunks;
    }

    private static Set<Long> numbers(List<Chunk> chunks) {
        Set<Long> numbers = new TreeSet<>();
        chunks.forEach(chunk -> LongStream.range(chunk.from(), chunk.to()).forEach(numbers::add));
        return numbers;
    }
}
