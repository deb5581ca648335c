package org.ringwood.kernels;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** Element type of a tensor. Arithmetic is in f32 whatever the element type is. */
public enum DType {
    /** IEEE 754 binary32. */
    F32(4, 0x1p-23),
    /** IEEE 754 binary16. */
    F16(2, 0x1p-10),
    /** bfloat16: the upper half of a binary32. */
    BF16(2, 0x1p-7);

    private final int bytes;
    private final double epsilon;

    DType(int bytes, double epsilon) {
        this.bytes = bytes;
        this.epsilon = epsilon;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }

    /** Distance from 1 to the next larger value of this type. */
    public double epsilon() {
        return epsilon;
    }

    /** The element at a byte offset, widened exactly; the offset need not be aligned. */
    public float get(MemorySegment memory, long offset) {
        return switch (this) {
            case F32 -> memory.get(JAVA_FLOAT_UNALIGNED, offset);
            case F16 -> Float.float16ToFloat(memory.get(JAVA_SHORT_UNALIGNED, offset));
            case BF16 -> widenBf16(memory.get(JAVA_SHORT_UNALIGNED, offset));
        };
    }

    /** Writes a value, rounded to the nearest element and ties to even, at a byte offset, which need not be aligned. */
    public void set(MemorySegment memory, long offset, float value) {
        switch (this) {
            case F32 -> memory.set(JAVA_FLOAT_UNALIGNED, offset, value);
            case F16 -> memory.set(JAVA_SHORT_UNALIGNED, offset, Float.floatToFloat16(value));
            case BF16 -> memory.set(JAVA_SHORT_UNALIGNED, offset, roundToBf16(value));
        }
    }

    /** Widens {@code count} elements from a byte offset on into {@code into[at…]}. */
    public void read(MemorySegment memory, long offset, float[] into, int at, int count) {
        if (this == F32) {
            MemorySegment.copy(memory, JAVA_FLOAT_UNALIGNED, offset, into, at, count);
            return;
        }
        for (int i = 0; i < count; i++) {
            into[at + i] = get(memory, offset + (long) i * bytes);
        }
    }

    /** Rounds {@code from[at…]} to {@code count} elements from a byte offset on. */
    public void write(float[] from, int at, int count, MemorySegment memory, long offset) {
        if (this == F32) {
            MemorySegment.copy(from, at, memory, JAVA_FLOAT_UNALIGNED, offset, count);
            return;
        }
        for (int i = 0; i < count; i++) {
            set(memory, offset + (long) i * bytes, from[at + i]);
        }
    }

    private static float widenBf16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    private static short roundToBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            // Rounding could carry a NaN's payload into infinity; the quiet bit keeps it a NaN.
            return (short) ((bits >>> 16) | 0x40);
        }
        int even = (bits >>> 16) & 1;
        return (short) ((bits + 0x7FFF + even) >>> 16);
    }
}
