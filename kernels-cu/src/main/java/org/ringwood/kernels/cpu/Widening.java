package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.Vectors.FLOATS;
import static org.ringwood.kernels.cpu.Vectors.LENGTH;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.ringwood.kernels.DType;

/** Widens arrays of 16-bit elements to f32, exactly. */
final class Widening {
    private static final VectorSpecies<Integer> INTS = FLOATS.withLanes(int.class);
    private static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(Math.max(64, FLOATS.vectorBitSize() / 2)));

    private Widening() {}

    /** Widens the first {@code count} elements. */
    static void widen(DType dtype, short[] bits, float[] into, int count) {
        switch (dtype) {
            case F16 -> widenF16(bits, into, count);
            case BF16 -> widenBf16(bits, into, count);
            case F32 -> throw new IllegalArgumentException("F32 has no 16-bit elements");
        }
    }

    /** C2 makes vector instructions of this loop, for which the Vector API has no operation. */
    private static void widenF16(short[] bits, float[] into, int count) {
        for (int i = 0; i < count; i++) {
            into[i] = Float.float16ToFloat(bits[i]);
        }
    }

    private static void widenBf16(short[] bits, float[] into, int count) {
        int i = 0;
        for (; i + LENGTH <= count; i += LENGTH) {
            IntVector wide = (IntVector)
                    ShortVector.fromArray(SHORTS, bits, i).convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
            wide.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(into, i);
        }
        for (; i < count; i++) {
            into[i] = Float.intBitsToFloat(bits[i] << 16);
        }
    }
}
