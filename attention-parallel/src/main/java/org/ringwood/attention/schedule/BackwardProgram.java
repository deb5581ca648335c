package org.ringwood.attention.schedule;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.schedule.HeadExchange.Gathered;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Positions;

/**
 * The one generator of gradients by all schedules but Tree: within a group of the grid ranks exchange heads, among the groups one side's rows
 * circulate and their gradients come home, at the end all gradients go back to the owners of the heads.
 *
 * @param moving the side that circulates
 * @param gradients dtype of the gradients that the caller gets
 */
record BackwardProgram(Problem problem, Grid grid, Side moving, Circulation circulation, DType gradients)
        implements Plan.Program {
    @Override
    public Positions queryPositions(int rank) {
        return problem.queries().positions(rank);
    }

    @Override
    public RankPlan rank(int rank, Set<Operand> strided) {
        PlanWriter writer = PlanWriter.backward(problem, rank, queryPositions(rank), strided, gradients);
        HeadExchange exchange = new HeadExchange(problem, grid, rank, writer);
        Map<Operand, Gathered> gathered = new EnumMap<>(Operand.class);
        for (Operand operand :
                List.of(Operand.QUERIES, Operand.KEYS, Operand.VALUES, Operand.OUT_GRADIENTS, Operand.LSE)) {
            gathered.put(operand, exchange.gather(operand));
        }
        gathered.put(Operand.DELTA, exchange.gather(writer.delta()));
        GradientSums moved = mine(moving, writer);
        GradientSums stayed = mine(moving.other(), writer);
        if (exchange.share().isEmpty()) {
            collect(exchange, moved, moved);
            collect(exchange, stayed, stayed);
        } else {
            GradientSums movedHeads = exchange.sums(moved);
            GradientSums stayedHeads = exchange.sums(stayed);
            differentiate(rank, exchange, gathered, movedHeads, stayedHeads, writer);
            exchange.deliver(movedHeads, end(exchange));
            exchange.deliver(stayedHeads, end(exchange));
            collect(exchange, moved, movedHeads);
            collect(exchange, stayed, stayedHeads);
        }
        for (GradientSums sums : List.of(moved, stayed)) {
            sums.parts().forEach(part -> writer.give(part, sums.ready()));
        }
        return writer.plan();
    }

    private int end(HeadExchange exchange) {
        return exchange.hops() + circulation.returnHops();
    }

    private void collect(HeadExchange exchange, GradientSums mine, GradientSums sums) {
        exchange.collect(mine, sums, end(exchange));
    }

    private static GradientSums mine(Side side, PlanWriter writer) {
        List<Part> parts = side.gradients().stream()
                .map(operand -> writer.sums(operand).all())
                .toList();
        return new GradientSums(parts, List.of(), writer);
    }

    private void differentiate(
            int rank,
            HeadExchange exchange,
            Map<Operand, Gathered> gathered,
            GradientSums moved,
            GradientSums stayed,
            PlanWriter writer) {
        int group = grid.group(rank);
        Positions positions = grid.positions(moving.other(), group);
        Differentiation differentiation = new Differentiation(
                problem, exchange.share(), moving, positions, of(moving.other(), gathered), stayed, writer);
        List<Gathered> own = List.copyOf(of(moving, gathered).values());
        BlockWriter blocks = new BlockWriter(grid, circulation, rank, moving, own, exchange.hops(), writer);
        new GradientWriter(grid, circulation, rank, blocks, differentiation, moved, exchange.hops(), writer)
                .circulate();
    }

    private static Map<Operand, Gathered> of(Side side, Map<Operand, Gathered> gathered) {
        Map<Operand, Gathered> of = new EnumMap<>(gathered);
        of.keySet().retainAll(side.operands());
        return of;
    }
}
