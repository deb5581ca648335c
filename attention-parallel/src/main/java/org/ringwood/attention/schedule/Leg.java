package org.ringwood.attention.schedule;

import java.util.List;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Step;
import org.ringwood.collectives.TrafficLedger.Traffic;

/** What of a step takes time. A rehearsal needs those of all ranks at once, for which steps themselves are too large. */
sealed interface Leg {
    /** Ids of the steps that must be done before. */
    List<Integer> after();

    /** Work of the device. */
    record Kernel(List<Integer> after, double flops) implements Leg {}

    /** One side of a message. */
    sealed interface Message extends Leg {
        long bytes();

        boolean sameNode();

        Envelope envelope();
    }

    /** Tells a message of a plan from all others. */
    record Envelope(int from, int to, int hop, int tag) {}

    /** The sender's side. */
    record Sending(List<Integer> after, Envelope envelope, long bytes, boolean sameNode) implements Message {}

    /** The receiver's side. */
    record Receiving(List<Integer> after, Envelope envelope, long bytes, boolean sameNode) implements Message {}

    /** A merge of all ranks' states. */
    record Reduction(List<Integer> after, Traffic traffic) implements Leg {}

    /** Of a step of a rank. Copies and merges are taken to be free. */
    static Leg of(Plan plan, int rank, Step step) {
        return switch (step) {
            case Step.Kernel kernel -> new Kernel(kernel.after(), kernel.flops(plan.shape()));
            case Step.Upload upload -> new Kernel(upload.after(), 0);
            case Step.Download download -> new Kernel(download.after(), 0);
            case Step.Send send ->
                new Sending(
                        send.after(),
                        new Envelope(rank, send.peer(), send.hop(), send.tag()),
                        send.part().bytes(),
                        plan.problem().topology().sameNode(rank, send.peer()));
            case Step.Receive receive ->
                new Receiving(
                        receive.after(),
                        new Envelope(receive.peer(), rank, receive.hop(), receive.tag()),
                        receive.part().bytes(),
                        plan.problem().topology().sameNode(rank, receive.peer()));
            case Step.AllReduce reduce -> new Reduction(reduce.after(), plan.traffic(reduce, rank));
        };
    }
}
