package org.ringwood.attention.plan;

import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Weights;
import org.ringwood.attention.plan.Step.AllReduce;
import org.ringwood.attention.plan.Step.Message;
import org.ringwood.attention.plan.Step.Send;
import org.ringwood.collectives.AllReducePlan;
import org.ringwood.collectives.Digest;
import org.ringwood.collectives.TrafficLedger.Account;
import org.ringwood.collectives.TrafficLedger.Traffic;
import org.ringwood.kernels.Positions;

/**
 * One attention among all ranks, as data: for every rank its steps with their dependencies, and exactly what they cost. A pure
 * function of the problem and the schedule, so ranks need not talk to agree on it. The steps of a rank are made when asked for.
 * Safe for use by many threads.
 */
public final class Plan {
    private final String schedule;
    private final Pass pass;
    private final Problem problem;
    private final Program program;
    private final AtomicReferenceArray<@Nullable Prediction> predictions;
    private volatile @Nullable Long digest;

    /** Makes the plans of single ranks. Called by many threads. */
    public interface Program {
        /** Global positions of a rank's query and output rows. */
        Positions queryPositions(int rank);

        /**
         * The plan of a rank.
         *
         * @param rank whose
         * @param strided caller's tensors of the rank whose rows have gaps, so that they are packed before they are sent
         */
        RankPlan rank(int rank, Set<Operand> strided);
    }

    /** The plan of a schedule. */
    public Plan(String schedule, Pass pass, Problem problem, Program program) {
        this.schedule = schedule;
        this.pass = pass;
        this.problem = problem;
        this.program = program;
        this.predictions = new AtomicReferenceArray<>(problem.ranks());
    }

    /** Name of the schedule, such as {@code ring}. */
    public String schedule() {
        return schedule;
    }

    /** Whether it attends, or computes the gradients of an attention. */
    public Pass pass() {
        return pass;
    }

    /** Schedule and, unless it is forward, pass, for people. */
    public String title() {
        return pass == Pass.FORWARD ? schedule : schedule + " " + pass;
    }

    /** What is computed. */
    public Problem problem() {
        return problem;
    }

    /** Digest of schedule, pass and problem, by which ranks notice that their plans differ. */
    public long digest() {
        Long known = digest;
        if (known == null) {
            known = Digest.of(title(), problem.digest());
            digest = known;
        }
        return known;
    }

    /** Sizes of the whole. */
    public AttentionShape shape() {
        return problem.shape();
    }

    /** Number of ranks. */
    public int ranks() {
        return problem.ranks();
    }

    /** What a rank with dense tensors does. */
    public RankPlan rank(int rank) {
        RankPlan plan = rank(rank, EnumSet.noneOf(Operand.class));
        if (predictions.get(rank) == null) {
            predictions.set(rank, predict(plan));
        }
        return plan;
    }

    /**
     * What a rank does whose {@code strided} tensors have gaps between their rows or heads: the same, but those that are sent are
     * packed first, which takes memory for a copy of each.
     */
    public RankPlan rank(int rank, Set<Operand> strided) {
        return program.rank(rank, strided);
    }

    /** The steps of a rank with dense tensors. */
    public List<Step> steps(int rank) {
        return rank(rank).steps();
    }

    /** Global positions of a rank's query and output rows. */
    public Positions queryPositions(int rank) {
        return program.queryPositions(rank);
    }

    /** Global positions of a rank's key and value rows. */
    public Positions keyPositions(int rank) {
        return problem.keys().positions(rank);
    }

    /** What the plan costs a rank with dense tensors. */
    public Prediction prediction(int rank) {
        if (predictions.get(rank) == null) {
            rank(rank);
        }
        return Objects.requireNonNull(predictions.get(rank));
    }

    /** What the plan costs every rank. */
    public List<Prediction> predictions() {
        return IntStream.range(0, ranks()).mapToObj(this::prediction).toList();
    }

    /** FLOPs of the busiest rank over the mean: 1 is perfect balance, also where nothing is attended. */
    public double imbalance() {
        return imbalance(Weights.equal(ranks()));
    }

    /** The same of FLOPs over the rank's speed. */
    public double imbalance(Weights speeds) {
        double largest = 0;
        double sum = 0;
        for (int rank = 0; rank < ranks(); rank++) {
            double flops = prediction(rank).flops();
            largest = Math.max(largest, flops / speeds.of(rank));
            sum += flops;
        }
        return sum == 0 ? 1 : largest * speeds.sum() / sum;
    }

    private Prediction predict(RankPlan plan) {
        Account messages = new Account();
        Traffic reductions = Traffic.NONE;
        for (Step step : plan.steps()) {
            if (step instanceof Send send) {
                boolean sameNode = problem.topology().sameNode(plan.rank(), send.peer());
                messages.sent(send.part().bytes(), send.hop(), sameNode);
            } else if (step instanceof Message receive) {
                messages.received(receive.hop());
            } else if (step instanceof AllReduce reduce) {
                reductions = reductions.plus(traffic(reduce, plan.rank()));
            }
        }
        return new Prediction(messages.traffic().plus(reductions), plan.flops(shape()), plan.peakTensorBytes());
    }

    /** What an all-reduce step costs a rank. */
    public Traffic traffic(AllReduce step, int rank) {
        return AllReducePlan.nodeByNode(problem.topology())
                .traffic(problem.topology(), rank, step.state().bytes());
    }

    @Override
    public String toString() {
        return title() + " of " + shape() + " on " + ranks() + " ranks";
    }
}
