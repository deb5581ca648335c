package org.ringwood.kernels.cpu;

import static org.ringwood.kernels.cpu.Scratch.LANES;
import static org.ringwood.kernels.cpu.Vectors.FLOATS;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * What is done with a tile, over one vector of lanes at a time.
 *
 * <p>All steps are run from arrays at one call site, which sees so many of them that C2 compiles each on its own. Inlined into their
 * callers they would exceed its node budget, and C2 would make vectors objects: up to a tenth of the speed.
 */
interface LaneStep {
    /** Whether the step has anything to do with a tile. */
    boolean isNeeded(Scratch scratch, Tile tile);

    /** Does it for the vector of lanes that starts at {@code lane}. */
    void apply(Scratch scratch, Tile tile, int lane);

    /** Runs steps one after the other, each over all lanes. */
    static void run(LaneStep[] steps, Scratch scratch, Tile tile) {
        for (LaneStep step : steps) {
            if (step.isNeeded(scratch, tile)) {
                for (int lane = 0; lane < tile.lanes(); lane += Vectors.LENGTH) {
                    step.apply(scratch, tile, lane);
                }
            }
        }
    }

    /**
     * Replaces numbers of a vector of lanes, whatever they are, where a bit is not set.
     *
     * @param numbers a row of lanes a key
     * @param bits for every key of the tile a bit a lane
     */
    static void replace(float[] numbers, long[] bits, float by, Tile tile, int lane) {
        FloatVector replacement = FloatVector.broadcast(FLOATS, by);
        for (int k = 0; k < tile.keys(); k++) {
            int at = k * LANES + lane;
            VectorMask<Float> replaced = VectorMask.fromLong(FLOATS, ~bits[k] >>> lane);
            FloatVector.fromArray(FLOATS, numbers, at)
                    .blend(replacement, replaced)
                    .intoArray(numbers, at);
        }
    }
}
