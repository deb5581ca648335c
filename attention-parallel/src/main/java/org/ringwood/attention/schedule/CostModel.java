package org.ringwood.attention.schedule;

import org.ringwood.attention.Weights;
import org.ringwood.attention.plan.Plan;

/**
 * How long a plan takes, roughly. Each rank has one device, which runs kernels one after the other, and in each direction one link
 * within the node and one across, each of which carries messages one after the other; a step starts when the steps before it are
 * done, so what the plan lets overlap overlaps. A message leaves when its sender has it, whether or not the receiver has room yet; a
 * reduction begins when the last rank has come to it. A node's network cards are shared by those of its ranks that send across. A
 * plan takes as long as its slowest rank. Copies and merges are taken to be free.
 *
 * @param flopsPerSecond of one rank's device, in attention; of the slowest one, where they differ
 * @param bytesPerSecondWithin of a link between two ranks of one node
 * @param bytesPerSecondAcross of one network card, in each direction
 * @param cards network cards of a node
 * @param latencySeconds from the end of a message's bytes at the sender to the receiver's next step
 */
public record CostModel(
        double flopsPerSecond,
        double bytesPerSecondWithin,
        double bytesPerSecondAcross,
        int cards,
        double latencySeconds) {

    /** @throws IllegalArgumentException if a rate or the number of cards is not positive or the latency is negative */
    public CostModel {
        if (!(flopsPerSecond > 0
                && bytesPerSecondWithin > 0
                && bytesPerSecondAcross > 0
                && cards > 0
                && latencySeconds >= 0)) {
            throw new IllegalArgumentException("rates must be positive and the latency not negative: "
                    + flopsPerSecond + " flop/s, " + bytesPerSecondWithin + " and " + cards + " x "
                    + bytesPerSecondAcross
                    + " byte/s, " + latencySeconds + " s");
        }
    }

    /** With one network card a node. */
    public CostModel(
            double flopsPerSecond, double bytesPerSecondWithin, double bytesPerSecondAcross, double latencySeconds) {
        this(flopsPerSecond, bytesPerSecondWithin, bytesPerSecondAcross, 1, latencySeconds);
    }

    /** Orders of magnitude of today's machines: 100 GFLOP/s a CPU thread, 5 GB/s within a node, 1 GB/s across, 20 µs. */
    public static CostModel cpu(int threads) {
        return new CostModel(100e9 * threads, 5e9, 1e9, 20e-6);
    }

    /** Predicted seconds of the slowest of ranks that compute equally fast. */
    public double seconds(Plan plan) {
        return seconds(plan, Weights.equal(plan.ranks()));
    }

    /** Predicted seconds of the slowest rank. */
    public double seconds(Plan plan, Weights speeds) {
        return new Rehearsal(this, plan, speeds).seconds();
    }
}
