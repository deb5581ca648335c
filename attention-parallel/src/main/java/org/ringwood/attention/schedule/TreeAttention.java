package org.ringwood.attention.schedule;

import java.util.List;
import java.util.Set;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.Weights;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Pass;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.schedule.HeadExchange.Gathered;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Positions;

/**
 * Tree attention: keys and values stay where they are. Every rank has all queries, attends them to its own keys, and one all-reduce
 * merges the states; every rank ends with the whole output.
 *
 * <p><b>Cost.</b> ⌈log₂P⌉ hops on a power of two of flat ranks, else ⌊log₂P⌋ + 2; {@code hops·b·Hq·(dv+2)·4} bytes at most for
 * {@code b} queries, because output, maximum and sum travel as one f32 state. With several ranks a node states merge within the node
 * first: a node then sends one state across in a hop, however its ranks are numbered. Nothing depends on the number of keys. The all-reduce
 * takes memory for one more state.
 *
 * <p><b>When.</b> Few queries over many keys: decoding with a distributed cache. With many queries it is legal, if slow.
 *
 * <p>Shyam et al.: Tree Attention: Topology-aware Decoding for Long-Context Attention on GPU clusters, 2024.
 */
public final class TreeAttention implements Schedule {
    /** Tree attention. */
    public TreeAttention() {}

    @Override
    public String name() {
        return "tree";
    }

    @Override
    public Problem problem(AttentionShape shape, Mask mask, PartitionRule rule, Topology topology, Weights speeds) {
        return new Problem(shape, mask, rule.queries(mask, speeds), rule.keysOfAllQueries(mask, speeds), topology);
    }

    @Override
    public boolean replicatesQueries() {
        return true;
    }

    @Override
    public Plan plan(Problem problem) {
        return new Plan(name(), Pass.FORWARD, problem, new Program(problem));
    }

    @Override
    public Plan backward(Problem problem, DType gradients) {
        return new Plan(name(), Pass.BACKWARD, problem, new TreeBackward(problem, gradients));
    }

    private record Program(Problem problem) implements Plan.Program {
        @Override
        public Positions queryPositions(int rank) {
            return Positions.range(0, problem.shape().queries());
        }

        @Override
        public RankPlan rank(int rank, Set<Operand> strided) {
            Positions allQueries = queryPositions(rank);
            PlanWriter writer = PlanWriter.forward(problem, rank, allQueries, strided);
            HeadShare allHeads = HeadShare.of(problem.shape(), 0, 1);
            Gathered queries = writer.gathered(Operand.QUERIES);
            Accumulation states = new Accumulation(problem, allQueries, allHeads, queries, writer);
            List<Gathered> keys = List.of(writer.gathered(Operand.KEYS), writer.gathered(Operand.VALUES));
            List<Integer> _ = states.attend(Block.of(keys, problem.keys().positions(rank)));
            if (problem.ranks() > 1) {
                states.allReduce();
            }
            states.finish(
                    0,
                    writer.callers(Operand.OUT).all(),
                    writer.callers(Operand.LSE).all());
            return writer.plan();
        }
    }
}
