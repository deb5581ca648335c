package org.ringwood.kernels.cpu;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;
import static org.ringwood.kernels.cpu.Vectors.FLOATS;
import static org.ringwood.kernels.cpu.Vectors.LENGTH;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Tensor;

/** Widens 16-bit elements to f32, exactly. */
final class Widening {
    private static final VectorSpecies<Integer> INTS = FLOATS.withLanes(int.class);
    private static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(Math.max(64, FLOATS.vectorBitSize() / 2)));

    private Widening() {}

    /**
     * Widens rows {@code [from, from + count)} of a head.
     *
     * @param bits room for the rows; what lies between them is widened, too
     * @param stride elements from one row to the next, in {@code bits} and {@code into}
     */
    static void widen(Tensor tensor, int head, long from, int count, short[] bits, int stride, float[] into) {
        for (int i = 0; i < count; i++) {
            MemorySegment.copy(
                    tensor.memory(),
                    ValueLayout.JAVA_SHORT_UNALIGNED,
                    tensor.offset(from + i, head),
                    bits,
                    i * stride,
                    tensor.dim());
        }
        // All rows at once: a loop over one of them is too short for vectors.
        widen(tensor.dtype(), bits, into, count * stride);
    }

    private static void widen(DType dtype, short[] bits, float[] into, int count) {
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
            IntVector wide = (IntVector) ShortVector.fromArray(SHORTS, bits, i).convertShape(ZERO_EXTEND_S2I, INTS, 0);
            wide.lanewise(LSHL, 16).reinterpretAsFloats().intoArray(into, i);
        }
        for (; i < count; i++) {
            into[i] = Float.intBitsToFloat(bits[i] << 16);
        }
    }
}
