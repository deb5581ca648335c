package org.ringwood.attention.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.ringwood.attention.Ranges;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Space;

/**
 * Places a rank's plan for gradients on a device that has memory of its own: the same kernels in the same order, with all their operands and sums on the
 * device, and the copies that this takes as steps. What moves between ranks stays in memory of the host.
 *
 * <p>A buffer may have a copy in the other space. Rows are copied when a step needs them where they are not, once unless they are written again. Of the plan's
 * dependencies only the steps' order is kept: each comes after those before it that use the same memory, if one of them writes.
 */
public final class GradientPlacement {
    private final RankPlan plan;
    private final List<Buffer> buffers;
    private final List<Step> steps = new ArrayList<>();
    /** By id in the plan. */
    private final List<Placed> placed = new ArrayList<>();
    /** By slot, and of buffers that are in none by id, negative. */
    private final Map<Integer, MemoryUse> uses = new HashMap<>();
    /** By slot on the host, and of the caller's by id, negative. */
    private final Map<Integer, Integer> twinSlots = new HashMap<>();

    /** Ids of buffers that are read where their sender has them. */
    private final Set<Integer> lent = new HashSet<>();

    private int slots;

    /** A buffer of the plan where it is, and its copy in the other space. */
    private static final class Placed {
        private final Map<Space, Buffer> buffers = new HashMap<>();
        /** The rows that are there. */
        private final Map<Space, Ranges> rows = new HashMap<>();
        /** The steps that copied it to the device. */
        private final List<Integer> uploads = new ArrayList<>();

        Ranges rows(Space space) {
            return rows.getOrDefault(space, Ranges.EMPTY);
        }
    }

    private GradientPlacement(RankPlan plan, Set<Operand> onDevice) {
        this.plan = plan;
        this.buffers = new ArrayList<>(plan.buffers());
        this.slots = plan.slotBytes().length;
        for (Step step : plan.steps()) {
            if (step instanceof Step.Receive receive && receive.borrowed()) {
                lent.add(receive.part().buffer().id());
            }
        }
        Set<Integer> moving = moving();
        for (Buffer buffer : plan.buffers()) {
            Placed of = new Placed();
            boolean there = buffer.isCallers() ? onDevice.contains(buffer.operand()) : !moving.contains(buffer.slot());
            Buffer home = buffer;
            if (there) {
                home = buffer.onDevice(buffer.isCallers() ? Buffer.CALLER : buffer.slot());
                buffers.set(buffer.id(), home);
            }
            of.buffers.put(home.space(), home);
            if (buffer.isCallers()) {
                of.rows.put(home.space(), Ranges.of(0, buffer.rows()));
            }
            placed.add(of);
        }
    }

    /** Slots of what is sent, received, reduced or copied, which must be where messages are. */
    private Set<Integer> moving() {
        Set<Integer> moving = new LinkedHashSet<>();
        for (Step step : plan.steps()) {
            Stream<Part> parts = switch (step) {
                case Step.Message message -> Stream.of(message.part());
                case Step.AllReduce reduce -> Stream.of(reduce.state(), reduce.incoming());
                case Step.Copy copy -> Stream.of(copy.from(), copy.to());
                default -> Stream.empty();
            };
            parts.forEach(part -> moving.add(part.buffer().slot()));
        }
        return moving;
    }

    /**
     * The plan with its copies.
     *
     * @param plan of a rank, all of it in memory of the host
     * @param onDevice which of the caller's tensors are on the device
     */
    public static RankPlan of(RankPlan plan, Set<Operand> onDevice) {
        GradientPlacement placement = new GradientPlacement(plan, onDevice);
        plan.steps().forEach(placement::place);
        placement.giveBack();
        return new RankPlan(
                plan.rank(), plan.queryPositions(), plan.keyPositions(), placement.buffers, placement.steps);
    }

    private void place(Step step) {
        switch (step) {
            case Step.Send send -> {
                Part part = reading(send.part(), Space.HOST);
                add(new Step.Send(steps.size(), after(use(part, false)), part, send.peer(), send.hop(), send.tag()));
            }
            case Step.Receive receive -> receive(receive);
            case Step.AllReduce reduce -> {
                Part part = reading(reduce.state(), Space.HOST);
                Part incoming = writing(reduce.incoming(), Space.HOST);
                List<Integer> after = after(use(writing(reduce.state(), Space.HOST), true), use(incoming, true));
                add(new Step.AllReduce(steps.size(), after, part, incoming));
            }
            case Step.Copy copy -> {
                // Where it is: what is copied is mostly to be sent.
                Space space = isThere(copy.from(), Space.HOST) ? Space.HOST : Space.DEVICE;
                Part from = reading(copy.from(), space);
                Part to = writing(copy.to(), space);
                add(new Step.Copy(steps.size(), after(use(from, false), use(to, true)), from, to));
            }
            case Step.Clear clear -> {
                Part sums = writing(clear.state(), Space.DEVICE);
                add(new Step.Clear(steps.size(), after(use(sums, true)), sums));
            }
            case Step.Delta delta -> {
                Part out = reading(delta.out(), Space.DEVICE);
                Part outGradients = reading(delta.outGradients(), Space.DEVICE);
                Part to = writing(delta.delta(), Space.DEVICE);
                List<Integer> after = after(use(out, false), use(outGradients, false), use(to, true));
                add(new Step.Delta(steps.size(), after, out, outGradients, to));
            }
            case Step.Differentiate differentiate -> differentiate(differentiate);
            case Step.Add more -> {
                Part from = reading(more.from(), Space.DEVICE);
                Part into = writing(more.into(), Space.DEVICE);
                add(new Step.Add(steps.size(), after(use(from, false), use(into, true)), from, into));
            }
            case Step.Round round -> {
                Part from = reading(round.from(), Space.DEVICE);
                Part to = writing(round.to(), Space.DEVICE);
                add(new Step.Round(steps.size(), after(use(from, false), use(to, true)), from, to));
            }
            case Step.Attend _, Step.Finish _ ->
                throw new IllegalArgumentException(
                        "the plan of rank " + plan.rank() + " attends; it is placed by Placement");
            case Step.Upload _, Step.Download _ ->
                throw new IllegalArgumentException("the plan of rank " + plan.rank() + " is placed already");
        }
    }

    private void receive(Step.Receive receive) {
        Part part = writing(receive.part(), Space.HOST);
        Set<Integer> after = new LinkedHashSet<>(after(use(part, true)));
        if (receive.borrowed()) {
            // It takes no memory that it could wait for; so that the rank does not run ahead, it waits for the copies
            // that the plan's kernels read.
            for (int id : receive.after()) {
                operands(plan.steps().get(id))
                        .map(operand -> placed.get(operand.buffer().id()))
                        .forEach(of -> after.addAll(of.uploads));
            }
        }
        add(new Step.Receive(
                steps.size(),
                List.copyOf(after),
                part,
                receive.peer(),
                receive.hop(),
                receive.tag(),
                receive.borrowed()));
    }

    private void differentiate(Step.Differentiate of) {
        List<Part> read = operands(of).map(part -> reading(part, Space.DEVICE)).toList();
        List<Part> written = Stream.of(of.queryGradients(), of.keyGradients(), of.valueGradients())
                .map(part -> writing(part, Space.DEVICE))
                .toList();
        Set<Integer> after = new LinkedHashSet<>();
        read.forEach(part -> after.addAll(use(part, false)));
        written.forEach(part -> after.addAll(use(part, true)));
        add(new Step.Differentiate(
                steps.size(),
                List.copyOf(after),
                read.get(0),
                read.get(1),
                read.get(2),
                of.queryPositions(),
                of.keyPositions(),
                of.slices(),
                read.get(3),
                read.get(4),
                read.get(5),
                written.get(0),
                written.get(1),
                written.get(2),
                of.area()));
    }

    private static Stream<Part> operands(Step step) {
        return step instanceof Step.Differentiate of
                ? Stream.of(of.queries(), of.keys(), of.values(), of.lse(), of.delta(), of.outGradients())
                : Stream.empty();
    }

    /** Downloads what the caller has on the host. */
    private void giveBack() {
        for (Buffer buffer : plan.buffers()) {
            if (buffer.isCallers() && buffers.get(buffer.id()).space() == Space.HOST && buffer.rows() > 0) {
                reading(buffer.all(), Space.HOST);
            }
        }
    }

    private boolean isThere(Part part, Space space) {
        Ranges rows = placed.get(part.buffer().id()).rows(space);
        return rowsOf(part).without(rows).isEmpty();
    }

    private static Ranges rowsOf(Part part) {
        return Ranges.of(part.fromRow(), part.toRow());
    }

    /** The part in a space, after rows were copied there that were not. */
    private Part reading(Part part, Space space) {
        Placed of = placed.get(part.buffer().id());
        Space other = other(space);
        for (Chunk missing : rowsOf(part).without(of.rows(space)).chunks()) {
            Part from = buffer(part.buffer(), other).rows(missing.from(), missing.to());
            Part to = buffer(part.buffer(), space).rows(missing.from(), missing.to());
            List<Integer> after = after(use(from, false), use(to, true));
            if (space == Space.DEVICE) {
                of.uploads.add(steps.size());
                add(new Step.Upload(steps.size(), after, from, to));
            } else {
                add(new Step.Download(steps.size(), after, from, to));
            }
        }
        of.rows.put(space, of.rows(space).union(rowsOf(part)));
        return in(buffer(part.buffer(), space), part);
    }

    /** The part in a space, where alone its rows are afterwards. */
    private Part writing(Part part, Space space) {
        Placed of = placed.get(part.buffer().id());
        Space other = other(space);
        of.rows.put(space, of.rows(space).union(rowsOf(part)));
        of.rows.put(other, of.rows(other).without(rowsOf(part)));
        return in(buffer(part.buffer(), space), part);
    }

    private static Space other(Space space) {
        return space == Space.HOST ? Space.DEVICE : Space.HOST;
    }

    private Buffer buffer(Buffer inPlan, Space space) {
        return placed.get(inPlan.id()).buffers.computeIfAbsent(space, _ -> twin(inPlan, space));
    }

    private Buffer twin(Buffer of, Space space) {
        int key = of.isCallers() ? -1 - of.id() : of.slot();
        int slot = twinSlots.computeIfAbsent(key, _ -> slots++);
        Buffer twin =
                new Buffer(buffers.size(), of.operand(), slot, of.rows(), of.heads(), of.dim(), of.dtype(), space);
        buffers.add(twin);
        return twin;
    }

    private static Part in(Buffer buffer, Part part) {
        return new Part(buffer, part.fromRow(), part.toRow(), part.fromHead(), part.toHead());
    }

    @SafeVarargs
    private static List<Integer> after(Set<Integer>... conflicts) {
        Set<Integer> after = new LinkedHashSet<>();
        for (Set<Integer> some : conflicts) {
            after.addAll(some);
        }
        return List.copyOf(after);
    }

    /** Notes that the next step uses a part; returns the steps that it comes after for that. */
    private Set<Integer> use(Part part, boolean writes) {
        Buffer buffer = part.buffer();
        int key = buffer.isCallers() || lent.contains(buffer.id()) ? -1 - buffer.id() : buffer.slot();
        return uses.computeIfAbsent(key, _ -> new MemoryUse()).use(steps.size(), part, writes);
    }

    private void add(Step step) {
        steps.add(step);
    }
}
