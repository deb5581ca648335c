package org.ringwood.kernels.cpu;

import static jdk.incubator.vector.VectorOperators.DIV;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.MUL;
import static org.ringwood.kernels.cpu.Scratch.LANES;
import static org.ringwood.kernels.cpu.Scratch.ROW;
import static org.ringwood.kernels.cpu.Vectors.FLOATS;
import static org.ringwood.kernels.cpu.Vectors.LENGTH;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.ringwood.kernels.AttentionCall;

/**
 * Queries in the lanes of vectors, for groups that fill them: {@code Sᵀ = K·Qᵀ} and {@code Oᵀ = Vᵀ·Pᵀ}. The elements of keys and values
 * are broadcast, so they need no transposition; they are packed into scratch memory, which all tiles of the group read.
 */
final class QueriesInLanes implements OperandLayout {
    private final AttentionCall call;
    private final QueryGroup group;
    private final Scratch scratch;
    private final int dim;
    private final int dimV;
    private final int paddedDimV;
    private int loaded;
    private Finiteness finiteness = Finiteness.UNKNOWN;

    /** What is known of the values of the block. */
    private enum Finiteness {
        UNKNOWN,
        FINITE,
        NOT_FINITE
    }

    QueriesInLanes(AttentionCall call, QueryGroup group, Scratch scratch) {
        this.call = call;
        this.group = group;
        this.scratch = scratch;
        this.dim = call.queries().dim();
        this.dimV = call.values().dim();
        this.paddedDimV = LaneProducts.padded(dimV);
    }

    @Override
    public int tileQueries() {
        return LANES;
    }

    @Override
    public void begin(double scale) {
        for (int tile = 0; tile < group.tiles(); tile++) {
            int first = tile * LANES;
            int lanes = group.lanes(tile);
            for (int i = 0; i < lanes; i++) {
                call.queries().read(group.row(first + i), group.head(first + i), scratch.rows, i * ROW);
            }
            LaneProducts.toLanes(scratch.rows, 0, dim, lanes, scale, scratch.queries, first * dim);
        }
        Arrays.fill(scratch.out, 0, group.tiles() * paddedDimV * LANES, 0);
    }

    @Override
    public void load(long from, long to) {
        loaded = (int) (to - from);
        finiteness = Finiteness.UNKNOWN;
        Packing.pack(call.keys(), group.keyHead(), from, loaded, scratch.keys, scratch);
        Packing.pack(call.values(), group.keyHead(), from, loaded, scratch.values, scratch);
    }

    @Override
    public void attend(Tile tile) {
        LaneProducts.scores(scratch.keys, tile, dim, scratch.queries, scratch.scores, scratch.products);
        LaneStep.run(SoftmaxStep.ALL, scratch, tile);
        accumulate(tile, !tile.masked() || valuesAreFinite());
    }

    private void accumulate(Tile tile, boolean everyPair) {
        if (!everyPair) {
            LaneProducts.accumulateAdmitted(
                    scratch.values, tile, dimV, scratch.scores, scratch.admitted, scratch.out, scratch.decay);
            return;
        }
        LaneProducts.accumulate(
                scratch.values, tile, paddedDimV, scratch.scores, scratch.out, scratch.decay, scratch.products);
    }

    /** Looked at once a block, and only if a tile of it is masked. */
    private boolean valuesAreFinite() {
        if (finiteness == Finiteness.UNKNOWN) {
            finiteness = rowsAreFinite() ? Finiteness.FINITE : Finiteness.NOT_FINITE;
        }
        return finiteness == Finiteness.FINITE;
    }

    private boolean rowsAreFinite() {
        for (int row = 0; row < loaded; row++) {
            if (!Vectors.allFinite(scratch.values, row * ROW, row * ROW + dimV)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void end() {
        float scale = (float) call.dropout().scale();
        for (int tile = 0; tile < group.tiles(); tile++) {
            int vectors = Math.ceilDiv(group.lanes(tile), LENGTH);
            divide(scratch.out, tile * LANES * paddedDimV, scratch.sum, tile * LANES, scale, dimV, vectors);
        }
    }

    /** Divides rows of lanes by a divisor a lane, where that is 0 the quotient is 0, and multiplies them by a scale. */
    private static void divide(
            float[] rows, int start, float[] divisors, int firstDivisor, float scale, int count, int vectors) {
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector scales = FloatVector.broadcast(FLOATS, scale);
        for (int v = 0; v < vectors; v++) {
            int lane = v * LENGTH;
            FloatVector divisor = FloatVector.fromArray(FLOATS, divisors, firstDivisor + lane);
            VectorMask<Float> none = divisor.compare(EQ, 0);
            for (int row = 0; row < count; row++) {
                int at = start + row * LANES + lane;
                FloatVector.fromArray(FLOATS, rows, at)
                        .lanewise(DIV, divisor)
                        .lanewise(MUL, scales)
                        .blend(zero, none)
                        .intoArray(rows, at);
            }
        }
    }

    @Override
    public void outputs(int first, int count, float[] into, int at) {
        for (int d = 0; d < dimV; d++) {
            int lane = first * paddedDimV + d * LANES;
            for (int i = 0; i < count; i++) {
                into[at + i * ROW + d] = scratch.out[lane + i];
            }
        }
    }
}
