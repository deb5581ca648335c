package org.ringwood.runtime.planning;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.plan.Step;
import org.ringwood.collectives.AllReducePlan;
import org.ringwood.collectives.AllReducePlan.Exchange;
import org.ringwood.collectives.AllReducePlan.Exchange.Incoming;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.aeron.AeronTuning;

/**
 * What the worker needs that needs most: the tensors exactly, the rest as an estimate.
 *
 * @param tensors queries, keys, values, states, output and blocks
 * @param program the JVM with its heap, code and threads
 * @param network Aeron's logs, one for each direction to each rank of another node that tensors are exchanged with
 */
public record MemoryNeed(long tensors, long program, long network) {
    /** Beside their tensors, workers of small jobs were seen to take up to 290 MiB; plans of many ranks take some more. */
    private static final long PROGRAM = 512L << 20;

    /** Terms of an Aeron log. */
    private static final long TERMS = 3;

    /** With what a plan takes over Aeron between nodes. */
    public static MemoryNeed overAeron(Plan plan) {
        return of(plan, TERMS * AeronTuning.fromProperties().termBytes());
    }

    /** With what a plan takes over anything else, whose buffers are small or not known. */
    public static MemoryNeed of(Plan plan) {
        return of(plan, 0);
    }

    private static MemoryNeed of(Plan plan, long mostLogBytes) {
        return IntStream.range(0, plan.ranks())
                .parallel()
                .mapToObj(rank -> new MemoryNeed(
                        plan.prediction(rank).peakTensorBytes(),
                        PROGRAM,
                        mostLogBytes == 0 ? 0 : logBytes(plan, rank, mostLogBytes)))
                .reduce(new MemoryNeed(0, 0, 0), MemoryNeed::larger);
    }

    private MemoryNeed larger(MemoryNeed other) {
        return total() >= other.total() ? this : other;
    }

    /** A log's pages are taken as they are first written. */
    private static long logBytes(Plan plan, int rank, long mostLogBytes) {
        Topology topology = plan.problem().topology();
        Map<Integer, Long> sent = new HashMap<>();
        Map<Integer, Long> received = new HashMap<>();
        RankPlan rankPlan = plan.rank(rank);
        for (Step step : rankPlan.steps()) {
            switch (step) {
                case Step.Send send -> sent.merge(send.peer(), send.part().bytes(), Long::sum);
                case Step.Receive receive ->
                    received.merge(receive.peer(), receive.part().bytes(), Long::sum);
                case Step.AllReduce reduce -> {
                    long bytes = reduce.state().bytes();
                    for (Exchange exchange :
                            AllReducePlan.nodeByNode(topology).ranks().get(rank)) {
                        sent.merge(exchange.peer(), exchange.sends() ? bytes : 0, Long::sum);
                        received.merge(exchange.peer(), exchange.incoming() == Incoming.NONE ? 0 : bytes, Long::sum);
                    }
                }
                case Step.Kernel _, Step.Upload _, Step.Download _ -> {}
            }
        }
        return logBytes(topology, rank, sent, mostLogBytes) + logBytes(topology, rank, received, mostLogBytes);
    }

    private static long logBytes(Topology topology, int rank, Map<Integer, Long> traffic, long most) {
        return traffic.entrySet().stream()
                .filter(peer -> !topology.sameNode(rank, peer.getKey()))
                .mapToLong(peer -> Math.min(most, peer.getValue()))
                .sum();
    }

    /** All of it, in bytes. */
    public long total() {
        return tensors + program + network;
    }
}
