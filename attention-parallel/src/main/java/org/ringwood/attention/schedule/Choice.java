package org.ringwood.attention.schedule;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.Weights;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Prediction;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.DType;

/**
 * The best of several schedules and partitions, why it is the best, and what the others would cost: of those that take hardly longer
 * than the fastest, the one that needs the least memory.
 *
 * @param best what to take
 * @param reason one sentence for people
 * @param candidates all, fastest first; never empty
 */
public record Choice(Candidate best, String reason, List<Candidate> candidates) {
    /** Within this of the fastest, memory decides: predictions are no better than this. */
    private static final double SLACK = 1.05;

    /**
     * A schedule with a partition.
     *
     * @param schedule the schedule
     * @param partition how tokens are dealt
     * @param plan what it would do
     * @param seconds predicted, of all passes that are weighed
     * @param peakTensorBytes of the rank, and the pass, that needs most
     */
    public record Candidate(
            Schedule schedule, PartitionRule partition, Plan plan, double seconds, long peakTensorBytes) {
        @Override
        public String toString() {
            return schedule.name() + ", " + partition;
        }
    }

    /** The immutable choice. */
    public Choice {
        candidates = List.copyOf(candidates);
    }

    /** Chooses for ranks that are equally fast; see {@link #of(AttentionShape, Mask, Topology, Weights, List, List, CostModel)}. */
    public static Choice of(
            AttentionShape shape,
            Mask mask,
            Topology topology,
            List<Schedule> schedules,
            List<PartitionRule> partitions,
            CostModel model) {
        return of(shape, mask, topology, Weights.equal(topology.size()), schedules, partitions, model);
    }

    /**
     * Chooses.
     *
     * @param speeds of the ranks, whose work they follow where the schedule lets it
     * @param schedules candidates, at least one; the earlier wins a draw
     * @param partitions candidates, at least one; the earlier wins a draw
     */
    public static Choice of(
            AttentionShape shape,
            Mask mask,
            Topology topology,
            Weights speeds,
            List<Schedule> schedules,
            List<PartitionRule> partitions,
            CostModel model) {
        List<Candidate> candidates = new ArrayList<>();
        for (Schedule schedule : schedules) {
            for (PartitionRule partition : partitions) {
                Plan plan = schedule.plan(schedule.problem(shape, mask, partition, topology, speeds));
                candidates.add(new Candidate(schedule, partition, plan, model.seconds(plan, speeds), peak(plan)));
            }
        }
        return of(candidates);
    }

    /**
     * The choice for a trainer: among the same candidates by the seconds of forward and backward together, and the memory of that pass which needs more. Candidates
     * keep the plan of the forward pass.
     *
     * @param gradients dtype of the gradients, as for {@link Schedule#backward}
     */
    public Choice withBackward(DType gradients, Weights speeds, CostModel model) {
        return of(candidates.stream()
                .map(candidate -> {
                    Plan backward = candidate.schedule.backward(candidate.plan.problem(), gradients);
                    return new Candidate(
                            candidate.schedule,
                            candidate.partition,
                            candidate.plan,
                            candidate.seconds + model.seconds(backward, speeds),
                            Math.max(candidate.peakTensorBytes, peak(backward)));
                })
                .toList());
    }

    /** The choice if this schedule were the only one. */
    public Choice among(String schedule) {
        return of(candidates.stream()
                .filter(candidate -> candidate.schedule.name().equals(schedule))
                .toList());
    }

    private static Choice of(List<Candidate> unsorted) {
        List<Candidate> candidates = unsorted.stream()
                .sorted(Comparator.comparingDouble(Candidate::seconds))
                .toList();
        double enough = candidates.getFirst().seconds * SLACK;
        Candidate best = candidates.stream()
                .filter(candidate -> candidate.seconds <= enough)
                .min(Comparator.comparingLong(Candidate::peakTensorBytes))
                .orElseThrow();
        return new Choice(best, reason(best, candidates), candidates);
    }

    private static long peak(Plan plan) {
        return plan.predictions().stream()
                .mapToLong(Prediction::peakTensorBytes)
                .max()
                .orElse(0);
    }

    private static String reason(Candidate best, List<Candidate> candidates) {
        if (candidates.size() == 1) {
            return best + ": the only candidate";
        }
        boolean fastest = best.equals(candidates.getFirst());
        Candidate other = candidates.get(fastest ? 1 : 0);
        String figures = String.format(
                Locale.ROOT,
                "%s: predicted %.3g s and %d bytes a rank at most, against %.3g s and %d bytes of %s",
                best,
                best.seconds,
                best.peakTensorBytes,
                other.seconds,
                other.peakTensorBytes,
                other);
        return fastest ? figures : figures + "; about as fast and smaller";
    }
}
