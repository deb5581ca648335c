package org.ringwood.kernels;

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
}
