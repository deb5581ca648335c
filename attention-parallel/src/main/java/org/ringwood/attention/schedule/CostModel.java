package org.ringwood.attention.schedule;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.plan.Step;
import org.ringwood.collectives.TrafficLedger.Traffic;

/**
 * How long a plan takes, roughly. Each rank has one device, which runs kernels one after the other, and one link in each direction,
 * which carries messages one after the other; a step starts when the steps before it are done, so what the plan lets overlap
 * overlaps. Peers are taken to be as far as the rank itself: what it receives in a hop is sent when it could send itself. A plan
 * takes as long as its slowest rank. Copies and merges are taken to be free.
 *
 * @param flopsPerSecond of one rank's device, in attention
 * @param bytesPerSecondWithin of a link between two ranks of one node
 * @param bytesPerSecondAcross of a link between two nodes
 * @param latencySeconds from the end of a message's bytes at the sender to the receiver's next step
 */
public record CostModel(
        double flopsPerSecond, double bytesPerSecondWithin, double bytesPerSecondAcross, double latencySeconds) {

    /** @throws IllegalArgumentException if a rate is not positive or the latency is negative */
    public CostModel {
        if (!(flopsPerSecond > 0 && bytesPerSecondWithin > 0 && bytesPerSecondAcross > 0 && latencySeconds >= 0)) {
            throw new IllegalArgumentException("rates must be positive and the latency not negative: "
                    + flopsPerSecond + " flop/s, " + bytesPerSecondWithin + " and " + bytesPerSecondAcross
                    + " byte/s, " + latencySeconds + " s");
        }
    }

    /** Orders of magnitude of today's machines: 100 GFLOP/s a CPU thread, 5 GB/s within a node, 1 GB/s across, 20 µs. */
    public static CostModel cpu(int threads) {
        return new CostModel(100e9 * threads, 5e9, 1e9, 20e-6);
    }

    /** Predicted seconds of the slowest rank. */
    public double seconds(Plan plan) {
        return IntStream.range(0, plan.ranks())
                .mapToDouble(rank -> seconds(plan, plan.rank(rank)))
                .max()
                .orElse(0);
    }

    /** Predicted seconds of a rank, whose part of the plan is given since making it may take long. */
    public double seconds(Plan plan, RankPlan rankPlan) {
        Timeline timeline = new Timeline(plan, rankPlan);
        double last = 0;
        for (Step step : rankPlan.steps()) {
            last = Math.max(last, timeline.end(step));
        }
        return last;
    }

    private double transferSeconds(Traffic traffic) {
        return traffic.bytesWithinNode() / bytesPerSecondWithin + traffic.bytesAcrossNodes() / bytesPerSecondAcross;
    }

    /** What does one thing after the other. */
    private static final class Lane {
        private double free;

        /** When something ends that may start at {@code ready} and takes {@code seconds}. */
        double take(double ready, double seconds) {
            free = Math.max(free, ready) + seconds;
            return free;
        }
    }

    /** When each step of a rank ends, if told in the order of their ids. */
    private final class Timeline {
        private final Plan plan;
        private final int rank;
        private final double[] ends;
        private final Map<Integer, Double> sendable = new HashMap<>();
        private final Lane device = new Lane();
        private final Lane outward = new Lane();
        private final Lane inward = new Lane();

        Timeline(Plan plan, RankPlan rankPlan) {
            this.plan = plan;
            this.rank = rankPlan.rank();
            this.ends = new double[rankPlan.steps().size()];
        }

        double end(Step step) {
            double ready = ready(step.after());
            double end = switch (step) {
                case Step.Send send -> {
                    sendable.merge(send.hop(), ready, Math::max);
                    yield outward.take(ready, seconds(send)) + latencySeconds;
                }
                case Step.Receive receive -> {
                    double sent = Math.max(ready, sendable.getOrDefault(receive.hop(), 0.0));
                    yield inward.take(sent, seconds(receive)) + latencySeconds;
                }
                case Step.AllReduce reduce -> {
                    Traffic traffic = plan.traffic(reduce, rank);
                    yield ready + transferSeconds(traffic) + traffic.hops() * latencySeconds;
                }
                case Step.Attend attend -> device.take(ready, seconds(attend));
                case Step.Kernel _ -> device.take(ready, 0);
            };
            ends[step.id()] = end;
            return end;
        }

        private double ready(List<Integer> after) {
            double ready = 0;
            for (int id : after) {
                ready = Math.max(ready, ends[id]);
            }
            return ready;
        }

        private double seconds(Step.Message message) {
            long bytes = message.part().bytes();
            boolean within = plan.problem().topology().sameNode(rank, message.peer());
            return transferSeconds(new Traffic(within ? bytes : 0, within ? 0 : bytes, 1, 1));
        }

        private double seconds(Step.Attend attend) {
            return plan.shape().flops(attend.area(), attend.queries().heads()) / flopsPerSecond;
        }
    }
}
