package org.ringwood.kernels.cpu;

import static jdk.incubator.vector.VectorOperators.GT;
import static org.ringwood.kernels.cpu.Scratch.LANES;
import static org.ringwood.kernels.cpu.Vectors.FLOATS;

import jdk.incubator.vector.FloatVector;

/** The steps of the online softmax of a tile: they turn its scores into weights, those that are dropped 0, raise the maxima and add to the sums of its queries. */
enum SoftmaxStep implements LaneStep {
    /** Bounds scores to {@code softcap · tanh(score / softcap)}, and turns them into binary logarithms. */
    CAP {
        @Override
        public void apply(Scratch scratch, Tile tile, int lane) {
            LaneWeights.cap(scratch.scores, lane, tile.keys(), tile.softcap());
        }
    },

    /** Makes scores of pairs that are not admitted −∞, also where they are not a number. */
    MASK {
        @Override
        public void apply(Scratch scratch, Tile tile, int lane) {
            LaneStep.replace(scratch.scores, scratch.admitted, Float.NEGATIVE_INFINITY, tile, lane);
        }
    },

    /** Finds the maxima of the tile's lanes. What is not a number is none. */
    FIND_MAX {
        @Override
        public void apply(Scratch scratch, Tile tile, int lane) {
            float[] scores = scratch.scores;
            int keys = tile.keys();
            FloatVector even = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
            FloatVector odd = even;
            int k = 0;
            // Not max(), which is slow, as it minds the sign of zeros.
            for (; k + 2 <= keys; k += 2) {
                FloatVector first = FloatVector.fromArray(FLOATS, scores, k * LANES + lane);
                FloatVector second = FloatVector.fromArray(FLOATS, scores, (k + 1) * LANES + lane);
                even = first.blend(even, first.compare(GT, even).not());
                odd = second.blend(odd, second.compare(GT, odd).not());
            }
            if (k < keys) {
                FloatVector last = FloatVector.fromArray(FLOATS, scores, k * LANES + lane);
                even = even.blend(last, last.compare(GT, even));
            }
            even.blend(odd, odd.compare(GT, even)).intoArray(scratch.tileMax, lane);
        }
    },

    /** Raises the maxima to the tile's; leaves in {@link Scratch#decay} what that does to sums and outputs so far. */
    RAISE_MAX {
        @Override
        public void apply(Scratch scratch, Tile tile, int lane) {
            FloatVector before = FloatVector.fromArray(FLOATS, scratch.max, tile.query(lane));
            FloatVector now = FloatVector.fromArray(FLOATS, scratch.tileMax, lane);
            before.blend(now, now.compare(GT, before)).intoArray(scratch.max, tile.query(lane));
            before.intoArray(scratch.decay, lane);
            LaneWeights.decay(scratch.decay, lane, scratch.max, tile.query(lane));
        }
    },

    /** Replaces scores by their weights {@code 2^(score − max)} and adds these to the decayed sums. */
    WEIGH {
        @Override
        public void apply(Scratch scratch, Tile tile, int lane) {
            LaneWeights.weigh(
                    scratch.scores,
                    lane,
                    tile.keys(),
                    scratch.max,
                    tile.query(lane),
                    scratch.decay,
                    lane,
                    scratch.sum,
                    tile.query(lane));
        }
    },

    /** Makes weights that {@link Scratch#dropout} does not keep 0. */
    DROP {
        @Override
        public void apply(Scratch scratch, Tile tile, int lane) {
            LaneStep.replace(scratch.scores, scratch.dropout.kept, 0, tile, lane);
        }
    };

    /** All of them. */
    static final LaneStep[] ALL = values();

    @Override
    public boolean isNeeded(Scratch scratch, Tile tile) {
        return switch (this) {
            case CAP -> tile.softcap() > 0;
            case MASK -> tile.masked();
            case DROP -> scratch.dropout.isActive();
            case FIND_MAX, RAISE_MAX, WEIGH -> true;
        };
    }
}
