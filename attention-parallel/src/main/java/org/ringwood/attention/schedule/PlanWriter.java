package org.ringwood.attention.schedule;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.ringwood.attention.Mask;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.plan.Problem;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.plan.Step;
import org.ringwood.attention.schedule.HeadExchange.Gathered;
import org.ringwood.collectives.AllReducePlan;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.Space;

/**
 * Writes down the plan of one rank. Here is the only place that knows that messages must be contiguous: what is not, is packed
 * before it is sent and unpacked after it was received. Every method that adds steps returns the id of the one to wait for.
 */
final class PlanWriter {
    private final Problem problem;
    private final int rank;
    private final Positions queryPositions;
    private final Set<Operand> strided;
    private final List<Buffer> buffers = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private final Map<Operand, Packed> packed = new EnumMap<>(Operand.class);
    private int slots;

    private record Packed(Buffer buffer, int copied) {}

    private final Map<Operand, Buffer> callers = new EnumMap<>(Operand.class);

    private PlanWriter(Problem problem, int rank, Positions queryPositions, Set<Operand> strided) {
        this.problem = problem;
        this.rank = rank;
        this.queryPositions = queryPositions;
        this.strided = strided;
        addCallers(Operand.QUERIES, Operand.KEYS, Operand.VALUES, Operand.OUT, Operand.LSE);
    }

    /** For attention. */
    static PlanWriter forward(Problem problem, int rank, Positions queryPositions, Set<Operand> strided) {
        return new PlanWriter(problem, rank, queryPositions, strided);
    }

    /**
     * For its gradients.
     *
     * @param gradients dtype of the gradients that the caller gets
     */
    static PlanWriter backward(
            Problem problem, int rank, Positions queryPositions, Set<Operand> strided, DType gradients) {
        PlanWriter writer = new PlanWriter(problem, rank, queryPositions, strided);
        writer.addCallers(Operand.OUT_GRADIENTS);
        for (Operand operand : List.of(Operand.QUERY_GRADIENTS, Operand.KEY_GRADIENTS, Operand.VALUE_GRADIENTS)) {
            writer.addCallers(operand, gradients);
        }
        return writer;
    }

    private void addCallers(Operand... operands) {
        for (Operand operand : operands) {
            addCallers(operand, operand.dtype(problem.shape()));
        }
    }

    private void addCallers(Operand operand, DType dtype) {
        Positions positions = operand.isOfKeys() ? problem.keys().positions(rank) : queryPositions;
        int heads = operand.heads(problem.shape());
        callers.put(operand, buffer(operand, Buffer.CALLER, positions.rows(), heads, dtype));
    }

    /** A tensor of the caller. */
    Buffer callers(Operand operand) {
        return Objects.requireNonNull(callers.get(operand));
    }

    /** A tensor of the caller, which is there. */
    Gathered gathered(Operand operand) {
        return new Gathered(callers(operand).all(), List.of());
    }

    /** A new piece of memory. */
    int slot() {
        return slots++;
    }

    /** A buffer in memory of its own. */
    Buffer buffer(Operand operand, long rows, int heads) {
        return buffer(operand, slot(), rows, heads);
    }

    Buffer buffer(Operand operand, int slot, long rows, int heads) {
        return buffer(operand, slot, rows, heads, operand.dtype(problem.shape()));
    }

    private Buffer buffer(Operand operand, int slot, long rows, int heads, DType dtype) {
        int dim = operand.dim(problem.shape());
        Buffer buffer = new Buffer(buffers.size(), operand, slot, rows, heads, dim, dtype, Space.HOST);
        buffers.add(buffer);
        return buffer;
    }

    /** Sends a part; {@code range} numbers the row ranges of one operand in one hop to one peer. */
    int send(Part part, int peer, int hop, int range, List<Integer> after) {
        int tag = part.buffer().operand().tag(range);
        if (isContiguous(part)) {
            return add(new Step.Send(steps.size(), after, part, peer, hop, tag));
        }
        if (part.heads() == part.buffer().heads()) {
            Packed whole = packed.computeIfAbsent(part.buffer().operand(), operand -> pack(part.buffer()));
            Part dense = whole.buffer.rows(part.fromRow(), part.toRow());
            return add(new Step.Send(steps.size(), with(after, whole.copied), dense, peer, hop, tag));
        }
        Buffer dense = buffer(part.buffer().operand(), part.rows(), part.heads());
        int copied = copy(part, dense.all(), after);
        return add(new Step.Send(steps.size(), List.of(copied), dense.all(), peer, hop, tag));
    }

    private Packed pack(Buffer callers) {
        Buffer dense = buffer(callers.operand(), callers.rows(), callers.heads());
        return new Packed(dense, copy(callers.all(), dense.all(), List.of()));
    }

    /**
     * Receives a part.
     *
     * @param inPlace whether it lies in memory of this node that does not change until the operation ends, so that it may be read
     *     there if it makes up a whole buffer
     */
    int receive(Part part, int peer, int hop, int range, List<Integer> after, boolean inPlace) {
        int tag = part.buffer().operand().tag(range);
        if (isContiguous(part)) {
            boolean wholeBuffer = part.isAll() && !part.buffer().isCallers();
            return add(new Step.Receive(steps.size(), after, part, peer, hop, tag, inPlace && wholeBuffer));
        }
        Part dense = buffer(part.buffer().operand(), part.rows(), part.heads()).all();
        int received = receive(dense, peer, hop, range, after, inPlace);
        return copy(dense, part, List.of(received));
    }

    private boolean isContiguous(Part part) {
        Buffer buffer = part.buffer();
        boolean dense = !buffer.isCallers() || !strided.contains(buffer.operand());
        return dense && (part.rows() <= 1 || part.heads() == buffer.heads());
    }

    int copy(Part from, Part to, List<Integer> after) {
        return add(new Step.Copy(steps.size(), after, from, to));
    }

    int clear(Part sums, List<Integer> after) {
        return add(new Step.Clear(steps.size(), after, sums));
    }

    /**
     * Attends queries to a region.
     *
     * @param firstHead which head of the whole the first one of the queries is
     */
    int attend(
            Part queries,
            int firstHead,
            Positions queryPositions,
            Part keys,
            Part values,
            Positions keyPositions,
            List<Slice> slices,
            Part state,
            long area,
            List<Integer> after) {
        return add(new Step.Attend(
                steps.size(),
                after,
                queries,
                firstHead,
                keys,
                values,
                queryPositions,
                keyPositions,
                slices,
                state,
                area));
    }

    int allReduce(Part state, List<Integer> after) {
        boolean merges = AllReducePlan.nodeByNode(problem.topology()).reduces(rank);
        Buffer incoming = buffer(state.buffer().operand(), merges ? state.rows() : 0, state.heads());
        return add(new Step.AllReduce(steps.size(), after, state, incoming.all()));
    }

    int finish(Part state, int firstHead, Part out, Part lse, List<Integer> after) {
        return add(new Step.Finish(steps.size(), after, state, firstHead, out, lse));
    }

    /** The sums of this rank's output times its gradients, which the caller has both. */
    Gathered delta() {
        Buffer delta =
                buffer(Operand.DELTA, queryPositions.rows(), problem.shape().heads());
        if (queryPositions.rows() == 0) {
            return new Gathered(delta.all(), List.of());
        }
        Part out = callers(Operand.OUT).all();
        Part outGradients = callers(Operand.OUT_GRADIENTS).all();
        int step = add(new Step.Delta(steps.size(), List.of(), out, outGradients, delta.all()));
        return new Gathered(delta.all(), List.of(step));
    }

    /**
     * Adds the gradients of a region.
     *
     * @param parts of all operands of a backward pass but the output
     * @param firstHead which head of the whole the first one of the queries is
     */
    int differentiate(
            Map<Operand, Part> parts,
            int firstHead,
            Positions queries,
            Positions keys,
            Mask.Extract pairs,
            List<Integer> after) {
        return add(new Step.Differentiate(
                steps.size(),
                after,
                part(Operand.QUERIES, parts),
                firstHead,
                part(Operand.KEYS, parts),
                part(Operand.VALUES, parts),
                queries,
                keys,
                pairs.slices(),
                part(Operand.LSE, parts),
                part(Operand.DELTA, parts),
                part(Operand.OUT_GRADIENTS, parts),
                part(Operand.QUERY_GRADIENTS, parts),
                part(Operand.KEY_GRADIENTS, parts),
                part(Operand.VALUE_GRADIENTS, parts),
                pairs.area()));
    }

    private static Part part(Operand operand, Map<Operand, Part> parts) {
        return Objects.requireNonNull(parts.get(operand));
    }

    int add(Part from, Part into, List<Integer> after) {
        return add(new Step.Add(steps.size(), after, from, into));
    }

    /** Where gradients of the caller are summed up: in the caller's tensor, or apart if that has fewer bits. */
    Buffer sums(Operand gradients) {
        Buffer mine = callers(gradients);
        return mine.dtype() == DType.F32 ? mine : buffer(gradients, mine.rows(), mine.heads());
    }

    /** Gives the caller what was summed up. */
    void give(Part sums, List<Integer> after) {
        if (!sums.buffer().isCallers() && sums.rows() > 0) {
            Part mine = callers(sums.buffer().operand()).all();
            add(new Step.Round(steps.size(), after, sums, mine));
        }
    }

    private int add(Step step) {
        steps.add(step);
        return step.id();
    }

    private static List<Integer> with(List<Integer> ids, int id) {
        List<Integer> more = new ArrayList<>(ids);
        more.add(id);
        return List.copyOf(more);
    }

    /** What was written. */
    RankPlan plan() {
        return new RankPlan(rank, queryPositions, problem.keys().positions(rank), buffers, steps);
    }
}
