package org.ringwood.attention.schedule;

import java.util.Set;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.kernels.Positions;

/**
 * The one generator of all schedules but Tree: within a group of the grid ranks exchange heads, among the groups keys and values
 * circulate, at the end the output goes home.
 */
final class GridProgram implements Plan.Program {
    private final Problem problem;
    private final Grid grid;
    private final Circulation circulation;

    private GridProgram(Problem problem, Grid grid, Circulation circulation) {
        this.problem = problem;
        this.grid = grid;
        this.circulation = circulation;
    }

    /** Heads among {@code members} ranks, keys and values around a ring of groups. */
    static GridProgram ring(Problem problem, int members) {
        Grid grid = new Grid(problem, members);
        return rings(problem, grid, grid.groups());
    }

    /** Keys and values around rings of {@code width} ranks, and from ring to ring. */
    static GridProgram doubleRing(Problem problem, int width) {
        if (problem.ranks() % width != 0) {
            throw new IllegalArgumentException(
                    problem.ranks() + " ranks cannot be cut into rings of " + width + "; take a divisor");
        }
        return rings(problem, new Grid(problem, 1), width);
    }

    private static GridProgram rings(Problem problem, Grid grid, int width) {
        KeyNeeds needs = new KeyNeeds(grid, problem.mask());
        return new GridProgram(problem, grid, Rings.of(grid, width, needs, problem.topology()));
    }

    /** Keys and values straight from owner to reader. */
    static GridProgram gather(Problem problem) {
        Grid grid = new Grid(problem, 1);
        return new GridProgram(problem, grid, new Gather(grid, new KeyNeeds(grid, problem.mask()), problem.topology()));
    }

    @Override
    public Positions queryPositions(int rank) {
        return problem.queries().positions(rank);
    }

    @Override
    public RankPlan rank(int rank, Set<Operand> strided) {
        PlanWriter writer = new PlanWriter(problem, rank, queryPositions(rank), strided);
        HeadExchange exchange = new HeadExchange(problem, grid, rank, writer);
        if (!exchange.share().isEmpty()) {
            Accumulation states = new Accumulation(problem, grid.queries(grid.group(rank)), exchange, writer);
            new BlockWriter(grid, circulation, rank, writer).circulate(exchange, states);
            exchange.deliver(states, exchange.hops() + circulation.hops());
        }
        exchange.collect(exchange.hops() + circulation.hops());
        return writer.plan();
    }
}
