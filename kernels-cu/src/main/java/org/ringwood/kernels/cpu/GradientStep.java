package org.ringwood.kernels.cpu;

import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.MUL;
import static jdk.incubator.vector.VectorOperators.NEG;
import static jdk.incubator.vector.VectorOperators.SUB;
import static org.ringwood.kernels.cpu.Scratch.LANES;
import static org.ringwood.kernels.cpu.Vectors.FLOATS;

import jdk.incubator.vector.FloatVector;

/** The steps by which gradients follow from the scores of a tile, and from the products of its values with the gradients of its outputs. */
enum GradientStep implements LaneStep {
    /** Finds the derivatives of capped scores, {@code 1 − tanh²}. */
    SLOPE_OF_CAP {
        @Override
        public void apply(Scratch scratch, Tile tile, int lane) {
            float[] slopes = scratch.gradients.capSlopes;
            FloatVector one = FloatVector.broadcast(FLOATS, 1);
            FloatVector perCap = FloatVector.broadcast(FLOATS, (float) (Exponential.LN_2 / tile.softcap()));
            for (int k = 0; k < tile.keys(); k++) {
                int at = k * LANES + lane;
                FloatVector tanh =
                        FloatVector.fromArray(FLOATS, scratch.scores, at).lanewise(MUL, perCap);
                tanh.lanewise(NEG).lanewise(FMA, tanh, one).intoArray(slopes, at);
            }
        }
    },

    /** Turns scores into the weights of the forward pass. */
    WEIGH {
        @Override
        public void apply(Scratch scratch, Tile tile, int lane) {
            GradientScratch own = scratch.gradients;
            LaneWeights.weigh(
                    scratch.scores, lane, tile.keys(), own.lse, tile.query(lane), own.zeros, lane, own.unused, lane);
        }
    },

    /** Makes gradients of weights that are dropped 0. */
    DROP_SLOPES {
        @Override
        public void apply(Scratch scratch, Tile tile, int lane) {
            LaneStep.replace(scratch.gradients.slopes, scratch.dropout.kept, 0, tile, lane);
        }
    },

    /** Turns gradients of weights into those of scores. */
    SLOPE {
        @Override
        public void apply(Scratch scratch, Tile tile, int lane) {
            float[] slopes = scratch.gradients.slopes;
            FloatVector delta = FloatVector.fromArray(FLOATS, scratch.gradients.delta, tile.query(lane));
            for (int k = 0; k < tile.keys(); k++) {
                int at = k * LANES + lane;
                FloatVector.fromArray(FLOATS, slopes, at)
                        .lanewise(SUB, delta)
                        .lanewise(MUL, FloatVector.fromArray(FLOATS, scratch.scores, at))
                        .intoArray(slopes, at);
            }
        }
    },

    /** Multiplies gradients by the derivatives of capped scores. */
    UNCAP {
        @Override
        public void apply(Scratch scratch, Tile tile, int lane) {
            float[] slopes = scratch.gradients.slopes;
            for (int k = 0; k < tile.keys(); k++) {
                int at = k * LANES + lane;
                FloatVector.fromArray(FLOATS, slopes, at)
                        .lanewise(MUL, FloatVector.fromArray(FLOATS, scratch.gradients.capSlopes, at))
                        .intoArray(slopes, at);
            }
        }
    },

    /** Makes weights and gradients of pairs that are not admitted 0, also where a log-sum-exp is not a number. */
    UNMASK {
        @Override
        public void apply(Scratch scratch, Tile tile, int lane) {
            LaneStep.replace(scratch.gradients.slopes, scratch.admitted, 0, tile, lane);
            LaneStep.replace(scratch.scores, scratch.admitted, 0, tile, lane);
        }
    };

    /** Leave the weights in {@link Scratch#scores}, of pairs that are not admitted, too. */
    static final LaneStep[] WEIGHTS = {SoftmaxStep.CAP, SLOPE_OF_CAP, SoftmaxStep.MASK, WEIGH};

    /** Turn the gradients of kept weights into those of scores, and make weights that are dropped or not admitted 0. */
    static final LaneStep[] SLOPES = {DROP_SLOPES, SLOPE, UNCAP, UNMASK, SoftmaxStep.DROP};

    @Override
    public boolean isNeeded(Scratch scratch, Tile tile) {
        return switch (this) {
            case SLOPE_OF_CAP, UNCAP -> tile.softcap() > 0;
            case DROP_SLOPES -> scratch.dropout.isActive();
            case WEIGH, SLOPE -> true;
            case UNMASK -> tile.masked();
        };
    }
}
