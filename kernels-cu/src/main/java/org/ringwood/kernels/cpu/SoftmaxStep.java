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
    /** Bounds scores to {@code softcap · tanh(score / softcap)}, and turns them into binary logarithms. */
    CAP {
        @Override
        void apply(Scratch scratch, Tile tile, int lane) {
            LaneWeights.cap(scratch.scores, lane, tile.keys(), tile.softcap());
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

    /** Finds the maxima of the tile's lanes. What is not a number is none. */
    FIND_MAX {
        @Override
        void apply(Scratch scratch, Tile tile, int lane) {
            float[] scores = scratch.scores;
            int keys = tile.keys();
            FloatVector even = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
            FloatVector odd = even;
            int k = 0;
            // Not max(), which is slow, as it minds the sign of zeros.
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
            even.blend(odd, odd.compare(VectorOperators.GT, even)).intoArray(scratch.tileMax, lane);
        }
    },

    /** Raises the maxima to the tile's; leaves in {@link Scratch#decay} what that does to sums and outputs so far. */
    RAISE_MAX {
        @Override
        void apply(Scratch scratch, Tile tile, int lane) {
            FloatVector before = FloatVector.fromArray(FLOATS, scratch.max, tile.query(lane));
            FloatVector now = FloatVector.fromArray(FLOATS, scratch.tileMax, lane);
            before.blend(now, now.compare(VectorOperators.GT, before)).intoArray(scratch.max, tile.query(lane));
            before.intoArray(scratch.decay, lane);
            LaneWeights.decay(scratch.decay, lane, scratch.max, tile.query(lane));
        }
    },

    /** Replaces scores by their weights {@code 2^(score − max)} and adds these to the decayed sums. */
    WEIGH {
        @Override
        void apply(Scratch scratch, Tile tile, int lane) {
            LaneWeights.weigh(scratch.scores, lane, tile.keys(), scratch.max, tile.query(lane), scratch.total, lane);
            FloatVector.fromArray(FLOATS, scratch.sum, tile.query(lane))
                    .mul(FloatVector.fromArray(FLOATS, scratch.decay, lane))
                    .add(FloatVector.fromArray(FLOATS, scratch.total, lane))
                    .intoArray(scratch.sum, tile.query(lane));
        }
    },

    /** Makes weights that {@link Scratch#dropout} does not keep 0. */
    DROP {
        @Override
        void apply(Scratch scratch, Tile tile, int lane) {
            float[] weights = scratch.scores;
            long[] kept = scratch.dropout.kept;
            for (int k = 0; k < tile.keys(); k++) {
                int at = k * LANES + lane;
                VectorMask<Float> dropped = VectorMask.fromLong(FLOATS, ~kept[k] >>> lane);
                FloatVector.fromArray(FLOATS, weights, at).blend(0, dropped).intoArray(weights, at);
            }
        }
    };

    /** Runs the step over the vector of lanes that starts at {@code lane}. */
    abstract void apply(Scratch scratch, Tile tile, int lane);

    /**
     * Turns a tile's scores into weights, those that are dropped 0, and raises the maxima and adds to the sums of its queries.
     *
     * @param masked whether {@link Scratch#admitted} says which pairs take part
     * @param maxFound whether {@link Scratch#tileMax} has the maxima of the scores as they are now
     */
    static void run(Scratch scratch, Tile tile, boolean masked, boolean maxFound) {
        boolean capped = tile.softcap() > 0;
        if (capped) {
            CAP.run(scratch, tile);
        }
        if (masked) {
            MASK.run(scratch, tile);
        }
        if (capped || masked || !maxFound) {
            FIND_MAX.run(scratch, tile);
        }
        RAISE_MAX.run(scratch, tile);
        WEIGH.run(scratch, tile);
        if (scratch.dropout.isActive()) {
            DROP.run(scratch, tile);
        }
    }

    /** Runs the step over all lanes of a tile. */
    void run(Scratch scratch, Tile tile) {
        for (int lane = 0; lane < tile.lanes(); lane += LENGTH) {
            apply(scratch, tile, lane);
        }
    }
}
