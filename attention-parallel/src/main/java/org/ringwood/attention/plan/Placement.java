package org.ringwood.attention.plan;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.ringwood.kernels.Space;

/**
 * Places a rank's plan on a device that has memory of its own: the same kernels in the same order, with all their operands, states and sums on the
 * device, and the copies that this takes as steps. What moves between ranks stays in memory of the host where messages take no other; where they do, it
 * comes in on the device and goes on from there.
 *
 * <ul>
 *   <li>A buffer may have a twin in the other space. Rows are copied when a step needs them where they are not, and once unless they are written again.
 *   <li>Twins of buffers that share a slot share one, too. A block that came in on the host is free, or given back to whom it was borrowed from, once it is uploaded.
 *   <li>Of the plan's dependencies only the order of its steps is kept: each comes after those before it that use the same memory, if one of them writes.
 *   <li>The caller's tensors on the device are used in place. Where messages take memory of the device, those that are sent must come from a plan that packs them
 *       ({@link Plan#rank(int, Set)}): a message is no kernel, and would not come after what the caller's stream still does.
 *   <li>Memory of a device is lent to nobody: where messages take it, none is read in place.
 * </ul>
 */
public final class Placement {
    private final RankPlan plan;
    /** Where messages and all-reduces find what they move. */
    private final Space messages;

    private final List<Buffer> buffers;
    private final List<Step> steps = new ArrayList<>();
    /** By id in the plan. */
    private final List<Placed> placed = new ArrayList<>();
    /** By slot, and of buffers that are in none by id, negative. */
    private final Map<Integer, MemoryUse> uses = new HashMap<>();
    /** By slot in the plan, and of the caller's by id, negative. */
    private final Map<Integer, Integer> twinSlots = new HashMap<>();
    /** Ids of buffers that are read where their sender has them. */
    private final Set<Integer> lent = new HashSet<>();

    private int slots;

    /** A buffer of the plan: where it is, and its twin in the other space. */
    private static final class Placed {
        private final Buffer home;
        private final Map<Space, Buffer> buffers = new EnumMap<>(Space.class);
        private final Residence onHost;
        private final Residence onDevice;
        /** The steps that copied it to the device. */
        private final List<Integer> uploads = new ArrayList<>();

        Placed(Buffer home) {
            this.home = home;
            buffers.put(home.space(), home);
            onHost = new Residence(home.heads());
            onDevice = new Residence(home.heads());
            if (home.isCallers()) {
                in(home.space()).add(home.all());
            }
        }

        /** What of it is in a space. */
        Residence in(Space space) {
            return space == Space.HOST ? onHost : onDevice;
        }
    }

    private Placement(RankPlan plan, Set<Operand> onDevice, Space messages) {
        this.plan = plan;
        this.messages = messages;
        this.buffers = new ArrayList<>(plan.buffers());
        this.slots = plan.slotBytes().length;
        Set<Integer> onHost = messages == Space.HOST ? movingSlots() : Set.of();
        for (Buffer buffer : plan.buffers()) {
            boolean there = buffer.isCallers() ? onDevice.contains(buffer.operand()) : !onHost.contains(buffer.slot());
            Buffer home = there ? buffer.onDevice() : buffer;
            buffers.set(buffer.id(), home);
            placed.add(new Placed(home));
        }
        for (Step step : plan.steps()) {
            if (step instanceof Step.Message message && messages == Space.DEVICE) {
                requirePacked(message);
            }
            if (step instanceof Step.Receive receive && receive.borrowed() && messages == Space.HOST) {
                lent.add(receive.part().buffer().id());
            }
        }
    }

    private void requirePacked(Step.Message message) {
        Buffer buffer = buffers.get(message.part().buffer().id());
        if (buffer.isCallers() && buffer.space() == Space.DEVICE) {
            throw new IllegalArgumentException("step " + message.id() + " (" + message + ") of rank " + plan.rank()
                    + " is a message of the caller's " + buffer.operand()
                    + " on the device; make a plan that packs what the caller has there");
        }
    }

    /** Slots of what is sent, received or reduced, which must be where messages are. */
    private Set<Integer> movingSlots() {
        Set<Integer> moving = new HashSet<>();
        for (Step step : plan.steps()) {
            Stream<Part> parts = switch (step) {
                case Step.Message message -> Stream.of(message.part());
                case Step.AllReduce reduce -> Stream.of(reduce.state(), reduce.incoming());
                default -> Stream.empty();
            };
            parts.forEach(part -> moving.add(part.buffer().slot()));
        }
        return moving;
    }

    /** The plan with its copies, where messages take memory of the host alone; see {@link #of(RankPlan, Set, Space)}. */
    public static RankPlan of(RankPlan plan, Set<Operand> onDevice) {
        return of(plan, onDevice, Space.HOST);
    }

    /**
     * The plan with its copies.
     *
     * @param plan of a rank, all of it in memory of the host
     * @param onDevice which of the caller's tensors are on the device; if messages are, too, the plan must treat these as strided
     * @param messages where what is sent, received or reduced lies
     */
    public static RankPlan of(RankPlan plan, Set<Operand> onDevice, Space messages) {
        Placement placement = new Placement(plan, onDevice, messages);
        plan.steps().forEach(placement::place);
        placement.giveBack();
        return new RankPlan(
                plan.rank(), plan.queryPositions(), plan.keyPositions(), placement.buffers, placement.steps);
    }

    private void place(Step step) {
        switch (step) {
            case Step.Send send -> {
                Part part = reading(send.part(), messages);
                add(new Step.Send(
                        steps.size(), after(List.of(part), List.of()), part, send.peer(), send.hop(), send.tag()));
            }
            case Step.Receive receive -> receive(receive);
            case Step.AllReduce reduce -> {
                Part state = updating(reduce.state(), messages);
                Part incoming = writing(reduce.incoming(), messages);
                add(new Step.AllReduce(steps.size(), after(List.of(), List.of(state, incoming)), state, incoming));
            }
            case Step.Copy copy -> copy(copy);
            case Step.Clear clear -> {
                Part state = writing(clear.state(), Space.DEVICE);
                add(new Step.Clear(steps.size(), after(List.of(), List.of(state)), state));
            }
            case Step.Attend attend -> attend(attend);
            case Step.Finish finish -> {
                Part state = reading(finish.state(), Space.DEVICE);
                Part out = writing(finish.out(), Space.DEVICE);
                Part lse = writing(finish.lse(), Space.DEVICE);
                List<Integer> after = after(List.of(state), List.of(out, lse));
                add(new Step.Finish(steps.size(), after, state, finish.firstHead(), out, lse));
            }
            case Step.Delta delta -> {
                Part out = reading(delta.out(), Space.DEVICE);
                Part outGradients = reading(delta.outGradients(), Space.DEVICE);
                Part to = writing(delta.delta(), Space.DEVICE);
                List<Integer> after = after(List.of(out, outGradients), List.of(to));
                add(new Step.Delta(steps.size(), after, out, outGradients, to));
            }
            case Step.Differentiate differentiate -> differentiate(differentiate);
            case Step.Add more -> {
                Part from = reading(more.from(), Space.DEVICE);
                Part into = updating(more.into(), Space.DEVICE);
                add(new Step.Add(steps.size(), after(List.of(from), List.of(into)), from, into));
            }
            case Step.Round round -> {
                Part from = reading(round.from(), Space.DEVICE);
                Part to = writing(round.to(), Space.DEVICE);
                add(new Step.Round(steps.size(), after(List.of(from), List.of(to)), from, to));
            }
            case Step.Upload _, Step.Download _ ->
                throw new IllegalArgumentException("the plan of rank " + plan.rank() + " is placed already");
        }
    }

    private void receive(Step.Receive receive) {
        Part part = writing(receive.part(), messages);
        boolean borrowed = receive.borrowed() && messages == Space.HOST;
        Set<Integer> after = new LinkedHashSet<>(after(List.of(), List.of(part)));
        if (borrowed) {
            // It takes no memory that it could wait for; so that the rank does not run ahead, it waits for the copies
            // that the plan's kernels read.
            for (int id : receive.after()) {
                operands(plan.steps().get(id)).map(this::placed).forEach(of -> after.addAll(of.uploads));
            }
        }
        add(new Step.Receive(
                steps.size(), List.copyOf(after), part, receive.peer(), receive.hop(), receive.tag(), borrowed));
    }

    /** To where the copy has its home, so that what packs a tensor of the device may be its download. */
    private void copy(Step.Copy copy) {
        Space target = placed(copy.to()).home.space();
        boolean there = placed(copy.from()).in(target).missing(copy.from()).isEmpty();
        Space source = there ? target : other(target);
        Part from = reading(copy.from(), source);
        Part to = writing(copy.to(), target);
        List<Integer> after = after(List.of(from), List.of(to));
        if (source == target) {
            add(new Step.Copy(steps.size(), after, from, to));
        } else {
            transfer(copy.to(), after, from, to);
        }
    }

    private void attend(Step.Attend of) {
        List<Part> read = operands(of).map(part -> reading(part, Space.DEVICE)).toList();
        Part state = updating(of.state(), Space.DEVICE);
        add(new Step.Attend(
                steps.size(),
                after(read, List.of(state)),
                read.get(0),
                of.firstHead(),
                read.get(1),
                read.get(2),
                of.queryPositions(),
                of.keyPositions(),
                of.slices(),
                state,
                of.area()));
    }

    private void differentiate(Step.Differentiate of) {
        List<Part> read = operands(of).map(part -> reading(part, Space.DEVICE)).toList();
        List<Part> sums = Stream.of(of.queryGradients(), of.keyGradients(), of.valueGradients())
                .map(part -> updating(part, Space.DEVICE))
                .toList();
        add(new Step.Differentiate(
                steps.size(),
                after(read, sums),
                read.get(0),
                of.firstHead(),
                read.get(1),
                read.get(2),
                of.queryPositions(),
                of.keyPositions(),
                of.slices(),
                read.get(3),
                read.get(4),
                read.get(5),
                sums.get(0),
                sums.get(1),
                sums.get(2),
                of.area()));
    }

    /** What the kernel of a step reads of what other ranks may have sent. */
    private static Stream<Part> operands(Step step) {
        return switch (step) {
            case Step.Attend of -> Stream.of(of.queries(), of.keys(), of.values());
            case Step.Differentiate of ->
                Stream.of(of.queries(), of.keys(), of.values(), of.lse(), of.delta(), of.outGradients());
            default -> Stream.empty();
        };
    }

    /** Brings what the caller has there up to date. */
    private void giveBack() {
        for (Buffer buffer : plan.buffers()) {
            if (buffer.isCallers() && buffer.rows() > 0) {
                reading(buffer.all(), placed.get(buffer.id()).home.space());
            }
        }
    }

    private Placed placed(Part part) {
        return placed.get(part.buffer().id());
    }

    private static Space other(Space space) {
        return space == Space.HOST ? Space.DEVICE : Space.HOST;
    }

    /** The part in a space, after what was missing there was copied. */
    private Part reading(Part part, Space space) {
        Residence there = placed(part).in(space);
        for (Part missing : there.missing(part)) {
            Part from = in(buffer(part.buffer(), other(space)), missing);
            Part to = in(buffer(part.buffer(), space), missing);
            transfer(part, after(List.of(from), List.of(to)), from, to);
        }
        there.add(part);
        return in(buffer(part.buffer(), space), part);
    }

    /** The part in a space, of undefined content, where alone it is afterwards. */
    private Part writing(Part part, Space space) {
        placed(part).in(space).add(part);
        placed(part).in(other(space)).remove(part);
        return in(buffer(part.buffer(), space), part);
    }

    /** The part in a space with what it holds, where alone it is afterwards. */
    private Part updating(Part part, Space space) {
        reading(part, space);
        return writing(part, space);
    }

    /** Adds the copy of a part to the other space. */
    private void transfer(Part inPlan, List<Integer> after, Part from, Part to) {
        if (to.buffer().space() == Space.DEVICE) {
            placed(inPlan).uploads.add(steps.size());
            add(new Step.Upload(steps.size(), after, from, to));
        } else {
            add(new Step.Download(steps.size(), after, from, to));
        }
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

    /** Notes what the next step reads and writes; returns the steps that it comes after for that. */
    private List<Integer> after(List<Part> read, List<Part> written) {
        Set<Integer> after = new LinkedHashSet<>();
        read.forEach(part -> after.addAll(use(part, false)));
        written.forEach(part -> after.addAll(use(part, true)));
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
