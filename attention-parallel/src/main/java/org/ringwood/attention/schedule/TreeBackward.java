package org.ringwood.attention.schedule;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.schedule.HeadExchange.Gathered;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Positions;

/**
 * The gradients of {@linkplain TreeAttention Tree}: those of keys and values are complete where they are, those of the queries are all-reduced.
 * Every rank has the gradients of the whole output, and gets those of all queries.
 *
 * @param gradients dtype of the gradients that the caller gets
 */
record TreeBackward(Problem problem, DType gradients) implements Plan.Program {
    @Override
    public Positions queryPositions(int rank) {
        return Positions.range(0, problem.shape().queries());
    }

    @Override
    public RankPlan rank(int rank, Set<Operand> strided) {
        Positions allQueries = queryPositions(rank);
        PlanWriter writer = PlanWriter.backward(problem, rank, allQueries, strided, gradients);
        Map<Operand, Gathered> queries = new EnumMap<>(Operand.class);
        for (Operand operand : List.of(Operand.QUERIES, Operand.OUT_GRADIENTS, Operand.LSE)) {
            queries.put(operand, writer.gathered(operand));
        }
        queries.put(Operand.DELTA, writer.delta());
        GradientSums querySums = new GradientSums(List.of(querySums(writer).all()), List.of(), writer);
        GradientSums keySums = new GradientSums(
                List.of(
                        writer.sums(Operand.KEY_GRADIENTS).all(),
                        writer.sums(Operand.VALUE_GRADIENTS).all()),
                List.of(),
                writer);
        List<Gathered> mine = List.of(writer.gathered(Operand.KEYS), writer.gathered(Operand.VALUES));
        Block keys = Block.of(mine, problem.keys().positions(rank));
        HeadShare allHeads = HeadShare.of(problem.shape(), 0, 1);
        new Differentiation(problem, allHeads, Side.KEYS, allQueries, queries, querySums, writer).add(keys, keySums);
        Part reduced = querySums.parts().getFirst();
        if (problem.ranks() > 1 && reduced.rows() > 0) {
            querySums.addedBy(writer.allReduce(reduced, querySums.ready()));
        }
        for (GradientSums sums : List.of(querySums, keySums)) {
            sums.parts().forEach(part -> writer.give(part, sums.ready()));
        }
        return writer.plan();
    }

    /** What is reduced must lie in one piece, in memory that other ranks may read. */
    private Buffer querySums(PlanWriter writer) {
        return problem.ranks() == 1
                ? writer.sums(Operand.QUERY_GRADIENTS)
                : writer.buffer(
                        Operand.QUERY_GRADIENTS,
                        problem.shape().queries(),
                        problem.shape().heads());
    }
}
