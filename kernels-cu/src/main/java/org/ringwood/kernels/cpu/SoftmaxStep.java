package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.Scratch.LANES;
import static org.ringwood.kernels.cpu.Vectors.FLOATS;
import static org.ringwood.kernels.cpu.Vectors.LENGTH;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The steps of the online softmax of a tile, each over one vector of lanes.
 *
 * <p>They are run from arrays at one call site, which sees so many of them that C2 compiles each on its own. Inlined into their
 * caller they would exceed its node budget, and C2 would make every vector an object: a tenth of the speed.
 */
enum SoftmaxStep {
    /** Bounds scores to {@code softcap · tanh(score / softcap)}. */
    CAP {
        @Override
        void apply(Scratch scratch, Tile tile, int lane) {
            Exponential.cap(scratch.scores, lane, LANES, tile.keys(), tile.softcap());
        }
    },

    /** Makes scores of pairs that are not admitted −∞, also where they are not a number. */
    MASK {
        @Override
        void apply(Scratch scratch, Tile tile, int lane) {
            float[] scores = scratch.scores;
            long[] admitted = scratch.admitted;
            for (int k = 0; k < tile.keys(); k++) {
                int at = k * LANES + lane;
                VectorMask<Float> refused = VectorMask.fromLong(FLOATS, ~admitted[k] >>> lane);
                FloatVector.fromArray(FLOATS, scores, at)
                        .blend(Float.NEGATIVE_INFINITY, refused)
                        .intoArray(scores, at);
            }
        }
    },

    /** Raises the maxima to the scores; leaves in {@link Scratch#decay} what that does to sums and outputs so far. */
    RAISE_MAX {
        @Override
        void apply(Scratch scratch, Tile tile, int lane) {
            float[] scores = scratch.scores;
            int keys = tile.keys();
            FloatVector before = FloatVector.fromArray(FLOATS, scratch.max, tile.query(lane));
            FloatVector even = before;
            FloatVector odd = before;
            int k = 0;
            // Not max(), which is slow, as it minds the sign of zeros; what is not a number leaves the maximum as it
            // is.
            for (; k + 2 <= keys; k += 2) {
                FloatVector first = FloatVector.fromArray(FLOATS, scores, k * LANES + lane);
                FloatVector second = FloatVector.fromArray(FLOATS, scores, (k + 1) * LANES + lane);
                even = even.blend(first, first.compare(VectorOperators.GT, even));
                odd = odd.blend(second, second.compare(VectorOperators.GT, odd));
            }
            if (k < keys) {
                FloatVector last = FloatVector.fromArray(FLOATS, scores, k * LANES + lane);
                even = even.blend(last, last.compare(VectorOperators.GT, even));
            }
            even.blend(odd, odd.compare(VectorOperators.GT, even)).intoArray(scratch.max, tile.query(lane));
            before.intoArray(scratch.decay, lane);
            Exponential.weigh(scratch.decay, lane, 0, 1, scratch.max, tile.query(lane), scratch.total, lane);
        }
    },

    /** Replaces scores by their weights {@code exp(score − max)} and adds these to the decayed sums. */
    WEIGH {
        @Override
        void apply(Scratch scratch, Tile tile, int lane) {
            Exponential.weigh(
                    scratch.scores, lane, LANES, tile.keys(), scratch.max, tile.query(lane), scratch.total, lane);
            FloatVector.fromArray(FLOATS, scratch.sum, tile.query(lane))
                    .mul(FloatVector.fromArray(FLOATS, scratch.decay, lane))
                    .add(FloatVector.fromArray(FLOATS, scratch.total, lane))
                    .intoArray(scratch.sum, tile.query(lane));
        }
    };

    /** Runs the step over the vector of lanes that starts at {@code lane}. */
    abstract void apply(Scratch scratch, Tile tile, int lane);

    /** Runs steps one after the other over all lanes. */
    static void run(SoftmaxStep[] steps, Scratch scratch, Tile tile) {
        for (SoftmaxStep step : steps) {
            for (int lane = 0; lane < tile.lanes(); lane += LENGTH) {
                step.apply(scratch, tile, lane);
            }
        }
    }
}
