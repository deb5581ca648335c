package org.ringwood.benchmarks.measure;

import static java.nio.ByteOrder.nativeOrder;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;

/** Reads a part of a buffer that no cache holds, round and round, and adds it up. */
final class ReadLoop implements Ceiling.Loop {
    private static final VectorSpecies<Long> SPECIES = LongVector.SPECIES_PREFERRED;
    private static final int VECTOR = SPECIES.vectorByteSize();
    /** Bytes a call; the parts are multiples of it. */
    static final long STRIP = 1 << 18;

    private final MemorySegment part;
    private final long[] results = new long[SPECIES.length()];
    private long next;

    ReadLoop(MemorySegment part) {
        this.part = part;
    }

    @Override
    public double work() {
        LongVector s0 = LongVector.zero(SPECIES);
        LongVector s1 = s0;
        LongVector s2 = s0;
        LongVector s3 = s0;
        long end = next + STRIP;
        for (long at = next; at < end; at += 4L * VECTOR) {
            s0 = s0.add(LongVector.fromMemorySegment(SPECIES, part, at, nativeOrder()));
            s1 = s1.add(LongVector.fromMemorySegment(SPECIES, part, at + VECTOR, nativeOrder()));
            s2 = s2.add(LongVector.fromMemorySegment(SPECIES, part, at + 2L * VECTOR, nativeOrder()));
            s3 = s3.add(LongVector.fromMemorySegment(SPECIES, part, at + 3L * VECTOR, nativeOrder()));
        }
        // Stored, so that the loop is not dead code.
        s0.add(s1).add(s2).add(s3).intoArray(results, 0);
        next = end < part.byteSize() ? end : 0;
        return STRIP;
    }
}
