package org.ringwood.attention.schedule;

import java.util.ArrayList;
import java.util.List;
import org.ringwood.attention.Mask;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.plan.Problem;
import org.ringwood.attention.schedule.HeadExchange.Gathered;
import org.ringwood.kernels.Positions;

/**
 * The states of a rank's queries, and the steps that accumulate into them: one after the other in the order in which they are
 * written, whatever arrives first, so that the bits are always the same.
 */
final class Accumulation {
    private final Mask mask;
    private final Positions positions;
    private final HeadShare share;
    private final Gathered queries;
    private final PlanWriter writer;
    private final List<RunState> states = new ArrayList<>();

    private static final class RunState {
        private final HeadShare run;
        private final Buffer state;
        private int last;
        private boolean attended;

        RunState(HeadShare run, Buffer state, int cleared) {
            this.run = run;
            this.state = state;
            this.last = cleared;
        }
    }

    /**
     * States for some queries.
     *
     * @param positions of the query rows
     * @param share whose heads
     * @param queries with the heads of the share
     */
    Accumulation(Problem problem, Positions positions, HeadShare share, Gathered queries, PlanWriter writer) {
        this.mask = problem.mask();
        this.positions = positions;
        this.share = share;
        this.queries = queries;
        this.writer = writer;
        if (positions.rows() > 0) {
            for (HeadShare run : share.runs(problem.shape())) {
                Buffer state = writer.buffer(Operand.STATE, positions.rows(), run.heads());
                states.add(new RunState(run, state, writer.clear(state.all(), List.of())));
            }
        }
    }

    /**
     * Attends all queries to a block of keys and values, unless the mask leaves nothing to attend.
     *
     * @param block with the key heads of the share
     * @return the steps
     */
    List<Integer> attend(Block block) {
        Part keys = block.parts().get(0);
        Part values = block.parts().get(1);
        if (states.isEmpty()) {
            return List.of();
        }
        Mask.Extract pairs = mask.extract(positions, block.positions());
        if (pairs.area() == 0) {
            return List.of();
        }
        List<Integer> steps = new ArrayList<>();
        for (RunState target : states) {
            HeadShare run = target.run;
            List<Integer> after = new ArrayList<>(block.ready());
            after.add(target.last);
            if (!target.attended) {
                after.addAll(queries.ready());
                target.attended = true;
            }
            int step = writer.attend(
                    queries.part().heads(run.from() - share.from(), run.to() - share.from()),
                    run.from(),
                    positions,
                    keys.heads(run.keyFrom() - share.keyFrom(), run.keyTo() - share.keyFrom()),
                    values.heads(run.keyFrom() - share.keyFrom(), run.keyTo() - share.keyFrom()),
                    block.positions(),
                    pairs.slices(),
                    target.state.all(),
                    pairs.area(),
                    List.copyOf(after));
            target.last = step;
            steps.add(step);
        }
        return steps;
    }

    /** Merges the states of all ranks. */
    void allReduce() {
        for (RunState target : states) {
            target.last = writer.allReduce(target.state.all(), List.of(target.last));
        }
    }

    /** Finishes the rows from {@code firstRow} on into {@code out} and {@code lse}, which have the heads of the share. */
    List<Integer> finish(long firstRow, Part out, Part lse) {
        List<Integer> steps = new ArrayList<>();
        for (RunState target : states) {
            int from = target.run.from() - share.from();
            int to = target.run.to() - share.from();
            Part state = target.state.rows(firstRow, firstRow + out.rows());
            steps.add(writer.finish(
                    state, target.run.from(), out.heads(from, to), lse.heads(from, to), List.of(target.last)));
        }
        return List.copyOf(steps);
    }
}
