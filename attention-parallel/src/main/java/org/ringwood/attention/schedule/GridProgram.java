package org.ringwood.attention.schedule;

import java.util.List;
import java.util.Set;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.schedule.HeadExchange.Gathered;
import org.ringwood.kernels.Positions;

/**
 * The one generator of attention by all schedules but Tree: within a group of the grid ranks exchange heads, among the groups keys and values
 * circulate, at the end the output goes home.
 */
final class GridProgram implements Plan.Program {
    private final Problem problem;
    private final Grid grid;
    private final Circulation circulation;

    GridProgram(Problem problem, Grid grid, Circulation circulation) {
        this.problem = problem;
        this.grid = grid;
        this.circulation = circulation;
    }

    @Override
    public Positions queryPositions(int rank) {
        return problem.queries().positions(rank);
    }

    @Override
    public RankPlan rank(int rank, Set<Operand> strided) {
        PlanWriter writer = PlanWriter.forward(problem, rank, queryPositions(rank), strided);
        HeadExchange exchange = new HeadExchange(problem, grid, rank, writer);
        Gathered queries = exchange.gather(Operand.QUERIES);
        List<Gathered> own = List.of(exchange.gather(Operand.KEYS), exchange.gather(Operand.VALUES));
        int end = exchange.hops() + circulation.hops();
        if (!exchange.share().isEmpty()) {
            Positions positions = grid.positions(Side.QUERIES, grid.group(rank));
            Accumulation states = new Accumulation(problem, positions, exchange.share(), queries, writer);
            new BlockWriter(grid, circulation, rank, Side.KEYS, own, exchange.hops(), writer).circulate(states::attend);
            exchange.deliver(states, end);
        }
        exchange.collect(end);
        return writer.plan();
    }
}
