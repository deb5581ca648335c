package org.ringwood.attention.schedule;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.ringwood.attention.Mask;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.plan.Problem;
import org.ringwood.attention.schedule.HeadExchange.Gathered;
import org.ringwood.kernels.Positions;

/** The rows of a rank that stay where they are, and the steps that sum up their gradients and those of the blocks that come by. */
final class Differentiation {
    private final Problem problem;
    private final HeadShare share;
    private final Side moving;
    private final Positions positions;
    private final Map<Operand, Gathered> staying;
    private final GradientSums sums;
    private final PlanWriter writer;
    private boolean begun;

    /**
     * Rows that stay.
     *
     * @param moving the side whose rows come by
     * @param positions of the rows that stay
     * @param staying their operands
     * @param sums of their gradients
     */
    Differentiation(
            Problem problem,
            HeadShare share,
            Side moving,
            Positions positions,
            Map<Operand, Gathered> staying,
            GradientSums sums,
            PlanWriter writer) {
        this.problem = problem;
        this.share = share;
        this.moving = moving;
        this.positions = positions;
        this.staying = staying;
        this.sums = sums;
        this.writer = writer;
    }

    /**
     * Adds the gradients of all pairs of the rows that stay and a block, unless the mask admits none.
     *
     * @param blockSums of the gradients of the block's rows
     * @return the steps that read the block
     */
    List<Integer> add(Block block, GradientSums blockSums) {
        Positions queries = moving == Side.KEYS ? positions : block.positions();
        Positions keys = moving == Side.KEYS ? block.positions() : positions;
        Mask.Extract pairs = problem.mask().extract(queries, keys);
        if (pairs.area() == 0) {
            return List.of();
        }
        Map<Operand, Part> parts = parts(block, blockSums);
        Set<Integer> after = new LinkedHashSet<>(block.ready());
        if (!begun) {
            staying.values().forEach(gathered -> after.addAll(gathered.ready()));
            begun = true;
        }
        List<Integer> steps = new ArrayList<>();
        for (HeadShare run : share.runs(problem.shape())) {
            after.addAll(sums.ready());
            after.addAll(blockSums.ready());
            int step = writer.differentiate(ofHeads(run, parts), run.from(), queries, keys, pairs, List.copyOf(after));
            sums.addedBy(step);
            blockSums.addedBy(step);
            steps.add(step);
        }
        return List.copyOf(steps);
    }

    private Map<Operand, Part> parts(Block block, GradientSums blockSums) {
        Map<Operand, Part> parts = new EnumMap<>(Operand.class);
        staying.forEach((operand, gathered) -> parts.put(operand, gathered.part()));
        for (List<Part> more : List.of(sums.parts(), block.parts(), blockSums.parts())) {
            more.forEach(part -> parts.put(part.buffer().operand(), part));
        }
        return parts;
    }

    private Map<Operand, Part> ofHeads(HeadShare run, Map<Operand, Part> parts) {
        Map<Operand, Part> of = new EnumMap<>(Operand.class);
        parts.forEach((operand, part) -> of.put(
                operand,
                operand.isOfKeys()
                        ? part.heads(run.keyFrom() - share.keyFrom(), run.keyTo() - share.keyFrom())
                        : part.heads(run.from() - share.from(), run.to() - share.from())));
        return of;
    }
}
