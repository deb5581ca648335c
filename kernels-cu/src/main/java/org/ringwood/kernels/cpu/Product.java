package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.Vectors.FLOATS;
import static org.ringwood.kernels.cpu.Vectors.LENGTH;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The matrix product of both halves of attention, {@code C = A·B}. Queries lie in the lanes of B and C, whose
 * rows are {@link Scratch#LANES} floats; elements of A are broadcast, so A needs no alignment and no transposition. For the scores A
 * is a block of keys and B the transposed queries; for the output A is a block of values, read down its columns, and B the weights.
 *
 * <p>Each element of a product is one chain of fused multiply-adds in the order of the inner index, whatever the width of a
 * vector. The register tiles of 4 rows × 4, 2 or 1 vectors are written out, since C2 keeps only local variables in registers.
 */
final class Product {
    /** Rows of a register tile. */
    static final int ROWS = 4;

    private static final int LANES = Scratch.LANES;

    private Product() {}

    /**
     * Four rows of C.
     *
     * @param a array of A, whose element (row, t) lies at {@code aStart + row · aRow + t · aInner}
     * @param inner length of the inner index t
     * @param b array of B, whose row t starts at {@code bStart + t · LANES}
     * @param c array of C, whose rows start at {@code cStart + row · LANES}
     * @param vectors vectors of lanes to compute
     */
    static void rows(
            float[] a,
            int aStart,
            int aRow,
            int aInner,
            int inner,
            float[] b,
            int bStart,
            float[] c,
            int cStart,
            int vectors) {
        int done = 0;
        for (; Vectors.TILE_VECTORS == 4 && done + 4 <= vectors; done += 4) {
            int lane = done * LENGTH;
            tile4(a, aStart, aRow, aInner, inner, b, bStart + lane, c, cStart + lane);
        }
        for (; done + 2 <= vectors; done += 2) {
            int lane = done * LENGTH;
            tile2(a, aStart, aRow, aInner, inner, b, bStart + lane, c, cStart + lane);
        }
        if (done < vectors) {
            int lane = done * LENGTH;
            tile1(a, aStart, aRow, aInner, inner, b, bStart + lane, c, cStart + lane);
        }
    }

    private static void tile4(
            float[] a, int aStart, int aRow, int aInner, int inner, float[] b, int bStart, float[] c, int cStart) {
        FloatVector c00 = FloatVector.zero(FLOATS);
        FloatVector c01 = FloatVector.zero(FLOATS);
        FloatVector c02 = FloatVector.zero(FLOATS);
        FloatVector c03 = FloatVector.zero(FLOATS);
        FloatVector c10 = FloatVector.zero(FLOATS);
        FloatVector c11 = FloatVector.zero(FLOATS);
        FloatVector c12 = FloatVector.zero(FLOATS);
        FloatVector c13 = FloatVector.zero(FLOATS);
        FloatVector c20 = FloatVector.zero(FLOATS);
        FloatVector c21 = FloatVector.zero(FLOATS);
        FloatVector c22 = FloatVector.zero(FLOATS);
        FloatVector c23 = FloatVector.zero(FLOATS);
        FloatVector c30 = FloatVector.zero(FLOATS);
        FloatVector c31 = FloatVector.zero(FLOATS);
        FloatVector c32 = FloatVector.zero(FLOATS);
        FloatVector c33 = FloatVector.zero(FLOATS);
        int a0 = aStart;
        int a1 = a0 + aRow;
        int a2 = a1 + aRow;
        int a3 = a2 + aRow;
        int at = bStart;
        for (int t = 0; t < inner; t++) {
            FloatVector b0 = FloatVector.fromArray(FLOATS, b, at);
            FloatVector b1 = FloatVector.fromArray(FLOATS, b, at + LENGTH);
            FloatVector b2 = FloatVector.fromArray(FLOATS, b, at + 2 * LENGTH);
            FloatVector b3 = FloatVector.fromArray(FLOATS, b, at + 3 * LENGTH);
            FloatVector x0 = FloatVector.broadcast(FLOATS, a[a0]);
            c00 = x0.fma(b0, c00);
            c01 = x0.fma(b1, c01);
            c02 = x0.fma(b2, c02);
            c03 = x0.fma(b3, c03);
            FloatVector x1 = FloatVector.broadcast(FLOATS, a[a1]);
            c10 = x1.fma(b0, c10);
            c11 = x1.fma(b1, c11);
            c12 = x1.fma(b2, c12);
            c13 = x1.fma(b3, c13);
            FloatVector x2 = FloatVector.broadcast(FLOATS, a[a2]);
            c20 = x2.fma(b0, c20);
            c21 = x2.fma(b1, c21);
            c22 = x2.fma(b2, c22);
            c23 = x2.fma(b3, c23);
            FloatVector x3 = FloatVector.broadcast(FLOATS, a[a3]);
            c30 = x3.fma(b0, c30);
            c31 = x3.fma(b1, c31);
            c32 = x3.fma(b2, c32);
            c33 = x3.fma(b3, c33);
            a0 += aInner;
            a1 += aInner;
            a2 += aInner;
            a3 += aInner;
            at += LANES;
        }
        c00.intoArray(c, cStart);
        c01.intoArray(c, cStart + LENGTH);
        c02.intoArray(c, cStart + 2 * LENGTH);
        c03.intoArray(c, cStart + 3 * LENGTH);
        c10.intoArray(c, cStart + LANES);
        c11.intoArray(c, cStart + LANES + LENGTH);
        c12.intoArray(c, cStart + LANES + 2 * LENGTH);
        c13.intoArray(c, cStart + LANES + 3 * LENGTH);
        c20.intoArray(c, cStart + 2 * LANES);
        c21.intoArray(c, cStart + 2 * LANES + LENGTH);
        c22.intoArray(c, cStart + 2 * LANES + 2 * LENGTH);
        c23.intoArray(c, cStart + 2 * LANES + 3 * LENGTH);
        c30.intoArray(c, cStart + 3 * LANES);
        c31.intoArray(c, cStart + 3 * LANES + LENGTH);
        c32.intoArray(c, cStart + 3 * LANES + 2 * LENGTH);
        c33.intoArray(c, cStart + 3 * LANES + 3 * LENGTH);
    }

    private static void tile2(
            float[] a, int aStart, int aRow, int aInner, int inner, float[] b, int bStart, float[] c, int cStart) {
        FloatVector c00 = FloatVector.zero(FLOATS);
        FloatVector c01 = FloatVector.zero(FLOATS);
        FloatVector c10 = FloatVector.zero(FLOATS);
        FloatVector c11 = FloatVector.zero(FLOATS);
        FloatVector c20 = FloatVector.zero(FLOATS);
        FloatVector c21 = FloatVector.zero(FLOATS);
        FloatVector c30 = FloatVector.zero(FLOATS);
        FloatVector c31 = FloatVector.zero(FLOATS);
        int a0 = aStart;
        int a1 = a0 + aRow;
        int a2 = a1 + aRow;
        int a3 = a2 + aRow;
        int at = bStart;
        for (int t = 0; t < inner; t++) {
            FloatVector b0 = FloatVector.fromArray(FLOATS, b, at);
            FloatVector b1 = FloatVector.fromArray(FLOATS, b, at + LENGTH);
            FloatVector x0 = FloatVector.broadcast(FLOATS, a[a0]);
            c00 = x0.fma(b0, c00);
            c01 = x0.fma(b1, c01);
            FloatVector x1 = FloatVector.broadcast(FLOATS, a[a1]);
            c10 = x1.fma(b0, c10);
            c11 = x1.fma(b1, c11);
            FloatVector x2 = FloatVector.broadcast(FLOATS, a[a2]);
            c20 = x2.fma(b0, c20);
            c21 = x2.fma(b1, c21);
            FloatVector x3 = FloatVector.broadcast(FLOATS, a[a3]);
            c30 = x3.fma(b0, c30);
            c31 = x3.fma(b1, c31);
            a0 += aInner;
            a1 += aInner;
            a2 += aInner;
            a3 += aInner;
            at += LANES;
        }
        c00.intoArray(c, cStart);
        c01.intoArray(c, cStart + LENGTH);
        c10.intoArray(c, cStart + LANES);
        c11.intoArray(c, cStart + LANES + LENGTH);
        c20.intoArray(c, cStart + 2 * LANES);
        c21.intoArray(c, cStart + 2 * LANES + LENGTH);
        c30.intoArray(c, cStart + 3 * LANES);
        c31.intoArray(c, cStart + 3 * LANES + LENGTH);
    }

    private static void tile1(
            float[] a, int aStart, int aRow, int aInner, int inner, float[] b, int bStart, float[] c, int cStart) {
        FloatVector c00 = FloatVector.zero(FLOATS);
        FloatVector c10 = FloatVector.zero(FLOATS);
        FloatVector c20 = FloatVector.zero(FLOATS);
        FloatVector c30 = FloatVector.zero(FLOATS);
        int a0 = aStart;
        int a1 = a0 + aRow;
        int a2 = a1 + aRow;
        int a3 = a2 + aRow;
        int at = bStart;
        for (int t = 0; t < inner; t++) {
            FloatVector b0 = FloatVector.fromArray(FLOATS, b, at);
            FloatVector x0 = FloatVector.broadcast(FLOATS, a[a0]);
            c00 = x0.fma(b0, c00);
            FloatVector x1 = FloatVector.broadcast(FLOATS, a[a1]);
            c10 = x1.fma(b0, c10);
            FloatVector x2 = FloatVector.broadcast(FLOATS, a[a2]);
            c20 = x2.fma(b0, c20);
            FloatVector x3 = FloatVector.broadcast(FLOATS, a[a3]);
            c30 = x3.fma(b0, c30);
            a0 += aInner;
            a1 += aInner;
            a2 += aInner;
            a3 += aInner;
            at += LANES;
        }
        c00.intoArray(c, cStart);
        c10.intoArray(c, cStart + LANES);
        c20.intoArray(c, cStart + 2 * LANES);
        c30.intoArray(c, cStart + 3 * LANES);
    }

    /** {@code into = into · factors + product} over rows of lanes, with a factor a lane. */
    static void fold(float[] into, int start, float[] factors, float[] product, int rows, int vectors) {
        for (int v = 0; v < vectors; v++) {
            int lane = v * LENGTH;
            FloatVector factor = FloatVector.fromArray(FLOATS, factors, lane);
            for (int row = 0; row < rows; row++) {
                int at = start + row * LANES + lane;
                FloatVector.fromArray(FLOATS, into, at)
                        .fma(factor, FloatVector.fromArray(FLOATS, product, row * LANES + lane))
                        .intoArray(into, at);
            }
        }
    }

    /** Divides rows of lanes by a divisor a lane; where that is 0, the quotient is 0. */
    static void divide(float[] rows, int start, float[] divisors, int firstDivisor, int count, int vectors) {
        for (int v = 0; v < vectors; v++) {
            int lane = v * LENGTH;
            FloatVector divisor = FloatVector.fromArray(FLOATS, divisors, firstDivisor + lane);
            VectorMask<Float> none = divisor.compare(VectorOperators.EQ, 0);
            for (int row = 0; row < count; row++) {
                int at = start + row * LANES + lane;
                FloatVector.fromArray(FLOATS, rows, at)
                        .div(divisor)
                        .blend(0, none)
                        .intoArray(rows, at);
            }
        }
    }
}
