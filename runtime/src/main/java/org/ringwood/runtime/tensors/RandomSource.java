package org.ringwood.runtime.tensors;

import java.lang.foreign.MemorySegment;
import java.util.Locale;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;

/**
 * Made-up numbers of mean 0 and variance 1, the same on every machine: an element is a function of seed, operand and its index
 * {@code (token * heads + head) * dim + i} alone, whatever the layout, so every rank can make its part.
 *
 * <p>With {@code mix} the finaliser of SplitMix64 (Steele, Lea, Flood 2014), the 64 bits
 * {@code mix(mix(seed * 4 + operand) + index * 0x9E3779B97F4A7C15)} are cut into four 16-bit numbers; their sum less 131070, an
 * exact float, times the float {@code sqrt(3) / 2^16} and rounded to the dtype is the element. The sum of four uniform numbers is
 * close to normal, within ±3.5.
 */
public final class RandomSource implements TensorSource {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private static final float UNIT = (float) (Math.sqrt(3) / 65536);
    private static final int MEAN_OF_SUM = 2 * 65535;

    private final String name;
    private final TensorShape shape;
    private final long key;

    /** Which of the three tensors of an attention. */
    public enum Operand {
        /** Queries, operand 0. */
        Q(0),
        /** Keys, operand 1. */
        K(1),
        /** Values, operand 2. */
        V(2);

        private final int number;

        Operand(int number) {
            this.number = number;
        }
    }

    /** The operand of a seed. */
    public RandomSource(long seed, Operand operand, TensorShape shape) {
        this.name = "random " + operand.name().toLowerCase(Locale.ROOT);
        this.shape = shape;
        this.key = mix(seed * 4 + operand.number);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public TensorShape shape() {
        return shape;
    }

    @Override
    public void read(Positions tokens, int firstHead, Tensor into) {
        TensorSource.requireFit(this, tokens, firstHead, into);
        long row = 0;
        for (Chunk chunk : tokens.chunks()) {
            for (long token = chunk.from(); token < chunk.to(); token++, row++) {
                for (int head = 0; head < into.heads(); head++) {
                    long index = (token * shape.heads() + firstHead + head) * shape.dim();
                    fill(index, into.memory(), into.offset(row, head));
                }
            }
        }
    }

    private void fill(long index, MemorySegment memory, long offset) {
        DType dtype = shape.dtype();
        for (int i = 0; i < shape.dim(); i++) {
            dtype.set(memory, offset + (long) i * dtype.bytes(), value(index + i));
        }
    }

    /** The element of an index before it is rounded to the dtype. */
    float value(long index) {
        long bits = mix(key + index * GOLDEN);
        long sum = (bits & 0xFFFF) + (bits >>> 16 & 0xFFFF) + (bits >>> 32 & 0xFFFF) + (bits >>> 48);
        return (sum - MEAN_OF_SUM) * UNIT;
    }

    private static long mix(long z) {
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
