package org.ringwood.examples.minilm;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.ringwood.examples.minilm.Weights.Linear;
import org.ringwood.examples.minilm.Weights.Norm;

/** What a transformer does besides attention, row by row: linear maps, layer normalisation, GELU. */
final class DenseLayers {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int ROWS = 4;
    private static final int VECTORS = 2;
    private static final int TASK_ROWS = 64;
    private static final float NORM_EPSILON = 1e-12f;

    // Abramowitz and Stegun's coefficients for the error function.
    private static final float P = (float) 0.3275911;
    private static final float A1 = (float) 0.254829592;
    private static final float A2 = (float) -0.284496736;
    private static final float A3 = (float) 1.421413741;
    private static final float A4 = (float) -1.453152027;
    private static final float A5 = (float) 1.061405429;

    private DenseLayers() {}

    /** {@code y = x · factor + bias}, in parallel over the rows. */
    static void linear(Matrix x, Linear linear, Matrix y) {
        int tasks = Math.ceilDiv(x.rows(), TASK_ROWS);
        IntStream.range(0, tasks).parallel().forEach(task -> {
            int first = task * TASK_ROWS;
            int rows = Math.min(x.rows() - first, TASK_ROWS);
            // Heap arrays, since vectors from memory segments exceed what the compiler inlines into one loop of this
            // size;
            // whole groups of rows, so that no second loop is needed for the last ones.
            float[] in = new float[TASK_ROWS * x.columns()];
            float[] out = new float[TASK_ROWS * y.columns()];
            MemorySegment.copy(x.memory(), JAVA_FLOAT_UNALIGNED, x.offset(first), in, 0, rows * x.columns());
            // A stripe of columns of the factor stays in the cache while the rows of the task pass by.
            for (int column = 0; column < y.columns(); column += VECTORS * LANES) {
                for (int row = 0; row < rows; row += ROWS) {
                    rowsTimesStripe(in, row * x.columns(), linear, column, out, row * y.columns() + column);
                }
            }
            MemorySegment.copy(out, 0, y.memory(), JAVA_FLOAT_UNALIGNED, y.offset(first), rows * y.columns());
        });
    }

    /** {@value #ROWS} rows of {@code in} times {@value #VECTORS} vectors of columns: as many sums as fit into the registers. */
    private static void rowsTimesStripe(float[] in, int from, Linear linear, int column, float[] out, int to) {
        float[] w = linear.factor();
        int inner = linear.in();
        int outer = linear.out();
        FloatVector a00 = FloatVector.fromArray(SPECIES, linear.bias(), column);
        FloatVector a01 = FloatVector.fromArray(SPECIES, linear.bias(), column + LANES);
        FloatVector a10 = a00, a20 = a00, a30 = a00;
        FloatVector a11 = a01, a21 = a01, a31 = a01;
        for (int i = 0; i < inner; i++) {
            FloatVector w0 = FloatVector.fromArray(SPECIES, w, i * outer + column);
            FloatVector w1 = FloatVector.fromArray(SPECIES, w, i * outer + column + LANES);
            FloatVector x0 = FloatVector.broadcast(SPECIES, in[from + i]);
            a00 = x0.fma(w0, a00);
            a01 = x0.fma(w1, a01);
            FloatVector x1 = FloatVector.broadcast(SPECIES, in[from + inner + i]);
            a10 = x1.fma(w0, a10);
            a11 = x1.fma(w1, a11);
            FloatVector x2 = FloatVector.broadcast(SPECIES, in[from + 2 * inner + i]);
            a20 = x2.fma(w0, a20);
            a21 = x2.fma(w1, a21);
            FloatVector x3 = FloatVector.broadcast(SPECIES, in[from + 3 * inner + i]);
            a30 = x3.fma(w0, a30);
            a31 = x3.fma(w1, a31);
        }
        a00.intoArray(out, to);
        a01.intoArray(out, to + LANES);
        a10.intoArray(out, to + outer);
        a11.intoArray(out, to + outer + LANES);
        a20.intoArray(out, to + 2 * outer);
        a21.intoArray(out, to + 2 * outer + LANES);
        a30.intoArray(out, to + 3 * outer);
        a31.intoArray(out, to + 3 * outer + LANES);
    }

    /** {@code x = norm(x + residual)}, row by row. */
    static void addAndNormalise(Matrix x, Matrix residual, Norm norm) {
        IntStream.range(0, x.rows()).parallel().forEach(row -> {
            for (int i = 0; i < x.columns(); i++) {
                x.set(row, i, x.get(row, i) + residual.get(row, i));
            }
            normalise(x, row, norm);
        });
    }

    /** Layer normalisation of a row (Ba et al. 2016, section 3). */
    static void normalise(Matrix x, int row, Norm norm) {
        double mean = 0;
        for (int i = 0; i < x.columns(); i++) {
            mean += x.get(row, i);
        }
        mean /= x.columns();
        double variance = 0;
        for (int i = 0; i < x.columns(); i++) {
            double difference = x.get(row, i) - mean;
            variance += difference * difference;
        }
        double inverse = 1 / Math.sqrt(variance / x.columns() + NORM_EPSILON);
        for (int i = 0; i < x.columns(); i++) {
            x.set(row, i, (float) ((x.get(row, i) - mean) * inverse) * norm.scale()[i] + norm.shift()[i]);
        }
    }

    /** {@code x · Φ(x)}, exactly (Hendrycks and Gimpel 2016). */
    static void gelu(Matrix x) {
        IntStream.range(0, x.rows()).parallel().forEach(row -> {
            for (int i = 0; i < x.columns(); i += LANES) {
                long at = x.offset(row) + (long) i * Float.BYTES;
                FloatVector value = FloatVector.fromMemorySegment(SPECIES, x.memory(), at, ORDER);
                FloatVector erf = erf(value.mul((float) Math.sqrt(0.5)));
                value.mul(0.5f).fma(erf.add(1f), FloatVector.zero(SPECIES)).intoMemorySegment(x.memory(), at, ORDER);
            }
        });
    }

    /** The error function to 1.5e-7 (Abramowitz and Stegun 1964, formula 7.1.26). */
    private static FloatVector erf(FloatVector x) {
        FloatVector magnitude = x.abs();
        FloatVector t = FloatVector.broadcast(SPECIES, 1f).div(magnitude.mul(P).add(1f));
        FloatVector polynomial =
                t.mul(A5).add(A4).mul(t).add(A3).mul(t).add(A2).mul(t).add(A1).mul(t);
        FloatVector tail = polynomial.mul(magnitude.mul(magnitude).neg().lanewise(VectorOperators.EXP));
        FloatVector erf = tail.neg().add(1f);
        return erf.blend(erf.neg(), x.compare(VectorOperators.LT, 0f));
    }
}
