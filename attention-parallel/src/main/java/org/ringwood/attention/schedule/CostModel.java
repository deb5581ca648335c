package org.ringwood.attention.schedule;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.plan.Step;
import org.ringwood.collectives.TrafficLedger.Traffic;

/**
 * How long a plan takes, roughly. Each rank has one device, which runs kernels one after the other, and in each direction one link
 * within the node and one across, each of which carries messages one after the other; a step starts when the steps before it are
 * done, so what the plan lets overlap overlaps. A node's network cards are shared by those of its ranks that send across. Peers are
 * taken to be as far as the rank itself: what it receives in a hop is sent when it could send itself. A plan takes as long as its
 * slowest rank. Copies and merges are taken to be free.
 *
 * @param flopsPerSecond of one rank's device, in attention
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

    /** Predicted seconds of the slowest rank. */
    public double seconds(Plan plan) {
        List<List<Integer>> nodes = plan.problem().topology().ranksByNode();
        if (nodes.size() == 1) {
            // One plan at a time: those of many ranks together are large.
            return nodes.getFirst().parallelStream()
                    .mapToDouble(rank -> seconds(plan, plan.rank(rank), bytesPerSecondAcross))
                    .max()
                    .orElse(0);
        }
        return nodes.parallelStream()
                .mapToDouble(ranks -> secondsOfNode(plan, ranks))
                .max()
                .orElse(0);
    }

    private double secondsOfNode(Plan plan, List<Integer> ranks) {
        List<RankPlan> rankPlans = ranks.stream().map(plan::rank).toList();
        long crossing = ranks.stream()
                .filter(rank -> plan.prediction(rank).traffic().bytesAcrossNodes() > 0)
                .count();
        double share = bytesPerSecondAcross * Math.min(1, (double) cards / Math.max(1, crossing));
        return rankPlans.stream()
                .mapToDouble(rankPlan -> seconds(plan, rankPlan, share))
                .max()
                .orElse(0);
    }

    private double seconds(Plan plan, RankPlan rankPlan, double across) {
        Timeline timeline = new Timeline(plan, rankPlan, across);
        double last = 0;
        for (Step step : rankPlan.steps()) {
            last = Math.max(last, timeline.end(step));
        }
        return last;
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

    /** What a rank sends and receives over, in both directions at once. */
    private static final class Link {
        private final double bytesPerSecond;
        private final Lane outward = new Lane();
        private final Lane inward = new Lane();

        Link(double bytesPerSecond) {
            this.bytesPerSecond = bytesPerSecond;
        }

        double seconds(long bytes) {
            return bytes / bytesPerSecond;
        }
    }

    /** When each step of a rank ends, if told in the order of their ids. */
    private final class Timeline {
        private final Plan plan;
        private final int rank;
        private final double[] ends;
        private final Map<Integer, Double> sendable = new HashMap<>();
        private final Lane device = new Lane();
        private final Link within = new Link(bytesPerSecondWithin);
        private final Link across;

        Timeline(Plan plan, RankPlan rankPlan, double across) {
            this.plan = plan;
            this.rank = rankPlan.rank();
            this.across = new Link(across);
            this.ends = new double[rankPlan.steps().size()];
        }

        double end(Step step) {
            double ready = ready(step.after());
            double end = switch (step) {
                case Step.Send send -> {
                    sendable.merge(send.hop(), ready, Math::max);
                    Link link = link(send);
                    yield link.outward.take(ready, link.seconds(send.part().bytes())) + latencySeconds;
                }
                case Step.Receive receive -> {
                    double sent = Math.max(ready, sendable.getOrDefault(receive.hop(), 0.0));
                    Link link = link(receive);
                    yield link.inward.take(sent, link.seconds(receive.part().bytes())) + latencySeconds;
                }
                case Step.AllReduce reduce -> {
                    Traffic traffic = plan.traffic(reduce, rank);
                    double transfer =
                            within.seconds(traffic.bytesWithinNode()) + across.seconds(traffic.bytesAcrossNodes());
                    yield ready + transfer + traffic.hops() * latencySeconds;
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

        private Link link(Step.Message message) {
            return plan.problem().topology().sameNode(rank, message.peer()) ? within : across;
        }

        private double seconds(Step.Attend attend) {
            return plan.shape().flops(attend.area(), attend.queries().heads()) / flopsPerSecond;
        }
    }
}
