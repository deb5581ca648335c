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
            float[] scores = scratch.scores;
            float softcap = tile.softcap();
            for (int k = 0; k < tile.keys(); k++) {
                int at = k * LANES + lane;
                Exponential.tanh(FloatVector.fromArray(FLOATS, scores, at).div(softcap))
                        .mul(softcap)
                        .intoArray(scores, at);
            }
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
            for (; k + 2 <= keys; k += 2) {
                even = larger(even, FloatVector.fromArray(FLOATS, scores, k * LANES + lane));
                odd = larger(odd, FloatVector.fromArray(FLOATS, scores, (k + 1) * LANES + lane));
            }
            if (k < keys) {
                even = larger(even, FloatVector.fromArray(FLOATS, scores, k * LANES + lane));
            }
            FloatVector after = larger(even, odd);
            after.intoArray(scratch.max, tile.query(lane));
            Exponential.exp(before.sub(finite(after))).intoArray(scratch.decay, lane);
        }
    },

    /** Replaces scores by their weights {@code exp(score − max)} and adds these to the decayed sums. */
    WEIGH {
        @Override
        void apply(Scratch scratch, Tile tile, int lane) {
            float[] scores = scratch.scores;
            int keys = tile.keys();
            FloatVector largest = finite(FloatVector.fromArray(FLOATS, scratch.max, tile.query(lane)));
            FloatVector total = FloatVector.zero(FLOATS);
            for (int k = 0; k < keys; k++) {
                int at = k * LANES + lane;
                FloatVector score = FloatVector.fromArray(FLOATS, scores, at);
                FloatVector weight = Exponential.exp(score.sub(largest));
                weight.intoArray(scores, at);
                total = total.add(weight);
            }
            FloatVector.fromArray(FLOATS, scratch.sum, tile.query(lane))
                    .mul(FloatVector.fromArray(FLOATS, scratch.decay, lane))
                    .add(total)
                    .intoArray(scratch.sum, tile.query(lane));
        }
    },

    /** Divides the output by the sums at the end; a query without a key gets 0. */
    NORMALISE {
        @Override
        void apply(Scratch scratch, Tile tile, int lane) {
            float[] out = scratch.out;
            int start = tile.outStart() + lane;
            FloatVector sum = FloatVector.fromArray(FLOATS, scratch.sum, tile.query(lane));
            VectorMask<Float> empty = sum.compare(VectorOperators.EQ, 0);
            for (int i = 0; i < tile.dimV(); i++) {
                int at = start + i * LANES;
                FloatVector.fromArray(FLOATS, out, at).div(sum).blend(0, empty).intoArray(out, at);
            }
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

    /** The larger number; keeps {@code a} where {@code b} is not a number. */
    private static FloatVector larger(FloatVector a, FloatVector b) {
        return a.blend(b, b.compare(VectorOperators.GT, a));
    }

    /** 0 in place of a maximum over no key: subtracted from −∞ it leaves −∞, where −∞ would leave no number. */
    private static FloatVector finite(FloatVector max) {
        return max.blend(0, max.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY));
    }
}
