package org.ringwood.attention.schedule;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.plan.Problem;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.plan.Step;
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

    private final Buffer queries;
    private final Buffer keys;
    private final Buffer values;
    private final Buffer out;
    private final Buffer lse;

    PlanWriter(Problem problem, int rank, Positions queryPositions, Set<Operand> strided) {
        this.problem = problem;
        this.rank = rank;
        this.queryPositions = queryPositions;
        this.strided = strided;
        AttentionShape shape = problem.shape();
        long queryRows = queryPositions.rows();
        long keyRows = problem.keys().positions(rank).rows();
        queries = buffer(Operand.QUERIES, Buffer.CALLER, queryRows, shape.heads());
        keys = buffer(Operand.KEYS, Buffer.CALLER, keyRows, shape.kvHeads());
        values = buffer(Operand.VALUES, Buffer.CALLER, keyRows, shape.kvHeads());
        out = buffer(Operand.OUT, Buffer.CALLER, queryRows, shape.heads());
        lse = buffer(Operand.LSE, Buffer.CALLER, queryRows, shape.heads());
    }

    Buffer queries() {
        return queries;
    }

    Buffer keys() {
        return keys;
    }

    Buffer values() {
        return values;
    }

    Buffer out() {
        return out;
    }

    Buffer lse() {
        return lse;
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
        AttentionShape shape = problem.shape();
        int dim = switch (operand) {
            case QUERIES, KEYS -> shape.dim();
            case VALUES, STATE, OUT -> shape.dimV();
            case LSE -> 1;
        };
        boolean single = operand == Operand.STATE || operand == Operand.LSE;
        DType dtype = single ? DType.F32 : shape.dtype();
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

    int clear(Part state) {
        return add(new Step.Clear(steps.size(), List.of(), state));
    }

    int attend(
            Part queries,
            Positions queryPositions,
            Part keys,
            Part values,
            Positions keyPositions,
            List<Slice> slices,
            Part state,
            long area,
            List<Integer> after) {
        return add(new Step.Attend(
                steps.size(), after, queries, keys, values, queryPositions, keyPositions, slices, state, area));
    }

    int allReduce(Part state, List<Integer> after) {
        boolean merges = AllReducePlan.nodeByNode(problem.topology()).reduces(rank);
        Buffer incoming = buffer(Operand.STATE, merges ? state.rows() : 0, state.heads());
        return add(new Step.AllReduce(steps.size(), after, state, incoming.all()));
    }

    int finish(Part state, Part out, Part lse, List<Integer> after) {
        return add(new Step.Finish(steps.size(), after, state, out, lse));
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
