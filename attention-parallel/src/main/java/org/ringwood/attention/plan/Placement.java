package org.ringwood.attention.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.ringwood.kernels.Space;

/**
 * Places the work of a rank on a device that has memory of its own: the same kernels in the same order, with all that they attend and accumulate on the
 * device, and the copies that this takes as steps. What moves between ranks stays in memory of the host where messages take no other; where they do, all that the
 * plan has itself is on the device, so that what is received is attended where it came in, and sent on from there.
 *
 * <ul>
 *   <li>States live on the device alone; one that is all-reduced is downloaded before, and finished from where it was reduced.
 *   <li>Queries, keys and values that the host has are uploaded once, as soon as they are there, to a twin on the device, and nothing else
 *       reads them but what sends them on: so a block's memory is free, or given back to whom it was borrowed from, before it is attended.
 *   <li>Twins of buffers that share a slot share one, too; an upload comes after all that read the former twin there.
 *   <li>The caller's tensors on the device are used in place. Those that are sent must come from a plan that packs them ({@link Plan#rank(int, Set)}): the copy
 *       that packs one is its download, and one that unpacks into an output is an upload. Where messages take memory of the device, they are packed there: a message
 *       is no kernel, and would not come after what the caller's stream still does.
 *   <li>Memory of a device is lent to nobody: where messages take it, none is read in place.
 * </ul>
 */
public final class Placement {
    private final RankPlan plan;
    private final List<Buffer> buffers;
    private final List<Step> steps = new ArrayList<>();
    /** By id in the plan. */
    private final int[] ids;
    /** By id of a buffer of the host: the steps so far that fill it. */
    private final Map<Integer, List<Integer>> writers = new HashMap<>();
    /** By the id of the buffer that the host has. */
    private final Map<Integer, Twin> twins = new HashMap<>();
    /** The last twin in each slot of the device, by the slot of its buffer on the host. */
    private final Map<Integer, Twin> bySlot = new HashMap<>();
    /** By id of the state on the device: where the host has its all-reduced records. */
    private final Map<Integer, Buffer> reduced = new HashMap<>();
    /** By slot of the device: the messages that send its last buffer. */
    private final Map<Integer, List<Step.Send>> sent = new HashMap<>();

    private int slots;

    /** A buffer's copy on the device, the step that makes it, and those that read it. */
    private static final class Twin {
        private final Buffer buffer;
        private final int upload;
        private final List<Integer> readers = new ArrayList<>();

        Twin(Buffer buffer, int upload) {
            this.buffer = buffer;
            this.upload = upload;
        }
    }

    private Placement(RankPlan plan, Set<Operand> onDevice, Space messages) {
        this.plan = plan;
        this.buffers = new ArrayList<>(plan.buffers());
        this.ids = new int[plan.steps().size()];
        this.slots = plan.slotBytes().length;
        for (Buffer buffer : plan.buffers()) {
            // States get there when they are cleared, and are all-reduced on the host.
            boolean there = buffer.isCallers()
                    ? onDevice.contains(buffer.operand())
                    : messages == Space.DEVICE && buffer.operand() != Operand.STATE;
            if (there) {
                buffers.set(buffer.id(), buffer.onDevice(buffer.slot()));
            }
        }
    }

    /** The plan with its copies, where messages take memory of the host alone; see {@link #of(RankPlan, Set, Space)}. */
    public static RankPlan of(RankPlan plan, Set<Operand> onDevice) {
        return of(plan, onDevice, Space.HOST);
    }

    /**
     * The plan with its copies.
     *
     * @param plan of a rank, all of it in memory of the host
     * @param onDevice which of the caller's tensors are on the device; where they are sent or received the plan must treat them as strided
     * @param messages where what is received lies, and the plan's own memory that is sent: on the device, if messages take that, too. Each rank decides for itself
     */
    public static RankPlan of(RankPlan plan, Set<Operand> onDevice, Space messages) {
        Placement placement = new Placement(plan, onDevice, messages);
        for (Step step : plan.steps()) {
            placement.ids[step.id()] = placement.place(step);
        }
        return new RankPlan(
                plan.rank(), plan.queryPositions(), plan.keyPositions(), placement.buffers, placement.steps);
    }

    /** Adds a step, and before it the copies that it needs; returns its id. */
    private int place(Step step) {
        return switch (step) {
            case Step.Send send -> place(send);
            case Step.Receive receive -> place(receive);
            case Step.Copy copy -> place(copy);
            case Step.Clear clear -> place(clear);
            case Step.Attend attend -> place(attend);
            case Step.AllReduce reduce -> place(reduce);
            case Step.Finish finish -> place(finish);
            case Step.Delta _, Step.Differentiate _, Step.Add _, Step.Round _ ->
                throw new IllegalArgumentException(
                        "the plan of rank " + plan.rank() + " is one of gradients; it is placed by GradientPlacement");
            case Step.Upload _, Step.Download _ ->
                throw new IllegalArgumentException("the plan of rank " + plan.rank() + " is placed already");
        };
    }

    private int place(Step.Send send) {
        Step.Send placed = new Step.Send(
                steps.size(), onHost(send.after()), here(send.part()), send.peer(), send.hop(), send.tag());
        if (isOwnOnDevice(placed.part().buffer())) {
            sent.computeIfAbsent(placed.part().buffer().slot(), _ -> new ArrayList<>())
                    .add(placed);
        }
        return add(placed);
    }

    private int place(Step.Receive receive) {
        Part part = here(receive.part());
        Set<Integer> after = new LinkedHashSet<>(onHost(receive.after()));
        after.addAll(sendsOfFormer(part.buffer()));
        return add(new Step.Receive(
                steps.size(),
                List.copyOf(after),
                part,
                receive.peer(),
                receive.hop(),
                receive.tag(),
                receive.borrowed() && part.buffer().space() == Space.HOST));
    }

    /** The messages that send what was in a buffer's slot before: a block that would be read in place does not wait for them by itself. */
    private List<Integer> sendsOfFormer(Buffer buffer) {
        List<Integer> former = new ArrayList<>();
        List<Step.Send> last = sent.getOrDefault(buffer.slot(), List.of());
        for (Step.Send send : List.copyOf(last)) {
            if (send.part().buffer().id() != buffer.id()) {
                former.add(send.id());
                last.remove(send);
            }
        }
        return former;
    }

    private boolean isOwnOnDevice(Buffer buffer) {
        return !buffer.isCallers() && buffer.space() == Space.DEVICE;
    }

    private int place(Step.Copy copy) {
        Part from = here(copy.from());
        Part to = here(copy.to());
        List<Integer> after = onHost(copy.after());
        if (from.buffer().space() == to.buffer().space()) {
            return add(new Step.Copy(steps.size(), after, from, to));
        }
        return to.buffer().space() == Space.DEVICE
                ? add(new Step.Upload(steps.size(), after, from, to))
                : add(new Step.Download(steps.size(), after, from, to));
    }

    private int place(Step.Clear clear) {
        Buffer state = clear.state().buffer();
        buffers.set(state.id(), state.onDevice(slots++));
        return add(new Step.Clear(steps.size(), onDevice(clear.after()), here(clear.state())));
    }

    private int place(Step.Attend attend) {
        Set<Integer> after = new LinkedHashSet<>(onDevice(attend.after()));
        List<Part> operands = new ArrayList<>();
        for (Part operand : List.of(attend.queries(), attend.keys(), attend.values())) {
            operands.add(resident(operand, after));
        }
        int id = add(new Step.Attend(
                steps.size(),
                List.copyOf(after),
                operands.get(0),
                operands.get(1),
                operands.get(2),
                attend.queryPositions(),
                attend.keyPositions(),
                attend.slices(),
                here(attend.state()),
                attend.area()));
        uploads(attend).forEach(twin -> twin.readers.add(id));
        return id;
    }

    private int place(Step.AllReduce reduce) {
        Part state = here(reduce.state());
        Buffer former = reduce.state().buffer();
        Buffer onHost = add(former, former.slot(), Space.HOST);
        reduced.put(former.id(), onHost);
        Part records = in(onHost, state);
        int downloaded = add(new Step.Download(steps.size(), onDevice(reduce.after()), state, records));
        return add(new Step.AllReduce(steps.size(), List.of(downloaded), records, reduce.incoming()));
    }

    private int place(Step.Finish finish) {
        Buffer onHost = reduced.get(finish.state().buffer().id());
        Part state = onHost == null ? here(finish.state()) : in(onHost, finish.state());
        return add(new Step.Finish(
                steps.size(),
                onDevice(finish.after()),
                state,
                finish.firstHead(),
                here(finish.out()),
                here(finish.lse())));
    }

    /** Where kernels find a part; {@code after} gets the step that brings it, if one does. */
    private Part resident(Part part, Set<Integer> after) {
        Part here = here(part);
        if (here.buffer().space() == Space.DEVICE) {
            after.addAll(writers.getOrDefault(here.buffer().id(), List.of()));
            return here;
        }
        Twin twin = twins.get(part.buffer().id());
        if (twin == null) {
            twin = upload(part.buffer());
        }
        after.add(twin.upload);
        return in(twin.buffer, part);
    }

    private Twin upload(Buffer buffer) {
        Twin former = buffer.isCallers() ? null : bySlot.get(buffer.slot());
        Set<Integer> after = new LinkedHashSet<>(writers.getOrDefault(buffer.id(), List.of()));
        if (former != null) {
            after.addAll(former.readers);
        }
        Buffer there = add(buffer, former == null ? slots++ : former.buffer.slot(), Space.DEVICE);
        int id = add(new Step.Upload(steps.size(), List.copyOf(after), buffer.all(), there.all()));
        Twin twin = new Twin(there, id);
        twins.put(buffer.id(), twin);
        if (!buffer.isCallers()) {
            bySlot.put(buffer.slot(), twin);
        }
        return twin;
    }

    /**
     * What a kernel comes after: other kernels, and merged states. What brings its operands to the host, their uploads come after.
     */
    private List<Integer> onDevice(List<Integer> after) {
        List<Integer> kernels = new ArrayList<>();
        for (int id : after) {
            switch (plan.steps().get(id)) {
                case Step.Clear _, Step.Attend _, Step.Finish _, Step.AllReduce _ -> kernels.add(ids[id]);
                default -> {}
            }
        }
        return List.copyOf(kernels);
    }

    /**
     * What a step on the host comes after: an attention concerns it as a reader of buffers, and what reads those that the host has is their upload.
     */
    private List<Integer> onHost(List<Integer> after) {
        Set<Integer> here = new LinkedHashSet<>();
        for (int id : after) {
            if (plan.steps().get(id) instanceof Step.Attend attend) {
                uploads(attend).forEach(twin -> here.add(twin.upload));
                if (operands(attend)
                        .anyMatch(operand -> isOwnOnDevice(here(operand).buffer()))) {
                    here.add(ids[id]);
                }
            } else {
                here.add(ids[id]);
            }
        }
        return List.copyOf(here);
    }

    /** The twins that an attention reads. */
    private List<Twin> uploads(Step.Attend attend) {
        List<Twin> uploads = new ArrayList<>();
        operands(attend).forEach(operand -> {
            Twin twin = twins.get(operand.buffer().id());
            if (twin != null) {
                uploads.add(twin);
            }
        });
        return uploads;
    }

    private static Stream<Part> operands(Step.Attend attend) {
        return Stream.of(attend.queries(), attend.keys(), attend.values());
    }

    /** A part in the buffer that took its buffer's place. */
    private Part here(Part part) {
        return in(buffers.get(part.buffer().id()), part);
    }

    private static Part in(Buffer buffer, Part part) {
        return new Part(buffer, part.fromRow(), part.toRow(), part.fromHead(), part.toHead());
    }

    private Buffer add(Buffer like, int slot, Space space) {
        Buffer buffer = new Buffer(
                buffers.size(), like.operand(), slot, like.rows(), like.heads(), like.dim(), like.dtype(), space);
        buffers.add(buffer);
        return buffer;
    }

    private int add(Step step) {
        steps.add(step);
        Part written = switch (step) {
            case Step.Receive receive -> receive.part();
            case Step.Copy copy -> copy.to();
            case Step.Download download -> download.to();
            case Step.Upload upload -> upload.to();
            default -> null;
        };
        if (written != null) {
            writers.computeIfAbsent(written.buffer().id(), _ -> new ArrayList<>())
                    .add(step.id());
        }
        return step.id();
    }
}
