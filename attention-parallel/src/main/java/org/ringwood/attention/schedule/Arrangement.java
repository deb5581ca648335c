package org.ringwood.attention.schedule;

import java.util.function.Function;
import org.ringwood.attention.plan.Pass;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.kernels.DType;

/**
 * How all schedules but Tree arrange the ranks: as a grid, with a way for rows to circulate among its groups.
 *
 * @param problem what is computed
 * @param grid whose members exchange heads
 * @param among how rows circulate among the groups that need them
 */
record Arrangement(Problem problem, Grid grid, Function<RowNeeds, Circulation> among) {
    /** Heads among {@code members} ranks, rows around a ring of groups. */
    static Arrangement ring(Problem problem, int members) {
        Grid grid = new Grid(problem, members);
        return rings(problem, grid, grid.groups());
    }

    /** Rows around rings of {@code width} ranks, and from ring to ring. */
    static Arrangement doubleRing(Problem problem, int width) {
        if (problem.ranks() % width != 0) {
            throw new IllegalArgumentException(
                    problem.ranks() + " ranks cannot be cut into rings of " + width + "; take a divisor");
        }
        return rings(problem, new Grid(problem, 1), width);
    }

    private static Arrangement rings(Problem problem, Grid grid, int width) {
        return new Arrangement(problem, grid, needs -> Rings.of(grid, width, needs, problem.topology()));
    }

    /** Rows straight from owner to reader. */
    static Arrangement gather(Problem problem) {
        Grid grid = new Grid(problem, 1);
        return new Arrangement(problem, grid, needs -> new Gather(grid, needs, problem.topology()));
    }

    /** A schedule's attention: keys and values circulate. */
    Plan forward(String schedule) {
        return new Plan(schedule, Pass.FORWARD, problem, new GridProgram(problem, grid, circulation(Side.KEYS)));
    }

    /** A schedule's gradients: that side circulates which takes fewer bytes, keys and values if it is all the same. */
    Plan backward(String schedule, DType gradients) {
        Circulation keys = circulation(Side.KEYS);
        Circulation queries = circulation(Side.QUERIES);
        Plan.Program program = bytes(Side.KEYS, keys) <= bytes(Side.QUERIES, queries)
                ? new BackwardProgram(problem, grid, Side.KEYS, keys, gradients)
                : new BackwardProgram(problem, grid, Side.QUERIES, queries, gradients);
        return new Plan(schedule, Pass.BACKWARD, problem, program);
    }

    /** How the rows of a side circulate. */
    Circulation circulation(Side side) {
        return among.apply(new RowNeeds(grid, problem.mask(), side));
    }

    private long bytes(Side side, Circulation circulation) {
        long rows = circulation.rowsSent();
        long gradientRows = circulation.rowsReturned();
        // Every member of a group moves its own heads, and some key heads are several members'.
        long bytes = 0;
        for (int member = 0; member < grid.members(); member++) {
            HeadShare share = HeadShare.of(problem.shape(), member, grid.members());
            bytes += rows * side.rowBytes(problem.shape(), share)
                    + gradientRows * side.gradientRowBytes(problem.shape(), share);
        }
        return bytes;
    }
}
