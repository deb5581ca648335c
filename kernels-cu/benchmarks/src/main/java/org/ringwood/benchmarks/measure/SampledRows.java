package org.ringwood.benchmarks.measure;

import java.util.stream.LongStream;

/** Numbers spread over a range, its last among them. */
final class SampledRows {
    private SampledRows() {}

    /** About {@code samples} of the numbers below {@code count}. */
    static LongStream of(long count, int samples) {
        // Odd, so that even numbers of heads are all met.
        long stride = Math.max(1, count / samples) | 1;
        return LongStream.concat(LongStream.iterate(0, i -> i < count - 1, i -> i + stride), LongStream.of(count - 1));
    }
}
