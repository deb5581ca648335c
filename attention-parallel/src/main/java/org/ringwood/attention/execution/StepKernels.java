package org.ringwood.attention.execution;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.plan.Step;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.AttentionKernels;
import org.ringwood.kernels.Cancellation;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.GradientCall;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;

/** Queues the kernels of a run's steps on the device. */
final class StepKernels {
    private final Device device;
    private final AttentionKernels attention;
    private final Scoring scoring;
    private final RankMemory memory;
    private final Cancellation cancellation;
    /** By id of the step that finishes what they went into. */
    private final Map<Integer, Future<?>> sinks = new HashMap<>();

    StepKernels(Device device, Scoring scoring, RankMemory memory, Cancellation cancellation) {
        this.device = device;
        this.attention = device.kernels();
        this.scoring = scoring;
        this.memory = memory;
        this.cancellation = cancellation;
    }

    /** Queues a step's kernel; of two kernels the later one. */
    Future<?> start(Step.Kernel kernel) {
        return switch (kernel) {
            case Step.Clear clear ->
                isState(clear.state())
                        ? attention.clear(memory.state(clear.state()))
                        : device.gradients().clear(memory.tensor(clear.state()));
            case Step.Copy copy -> attention.copy(memory.tensor(copy.from()), memory.tensor(copy.to()));
            case Step.Attend attend -> attention.attend(call(attend));
            case Step.Finish finish -> finish(finish);
            case Step.Delta delta ->
                device.gradients()
                        .delta(
                                memory.tensor(delta.out()),
                                memory.tensor(delta.outGradients()),
                                memory.tensor(delta.delta()));
            case Step.Differentiate differentiate -> device.gradients().attend(call(differentiate));
            case Step.Add add -> device.gradients().add(memory.tensor(add.from()), memory.tensor(add.into()));
            case Step.Round round -> device.gradients().round(memory.tensor(round.from()), memory.tensor(round.to()));
        };
    }

    private Future<?> finish(Step.Finish finish) {
        SoftmaxState state = memory.state(finish.state());
        if (!scoring.sinks().isEmpty()) {
            sinks.put(finish.id(), attention.sink(state, scoring.sinks(finish.firstHead(), state.heads())));
        }
        return attention.finish(state, memory.tensor(finish.out()), memory.tensor(finish.lse()));
    }

    /** The earlier one of a step's two kernels, once, if it has two. */
    Optional<Future<?>> before(Step step) {
        return Optional.ofNullable(sinks.remove(step.id()));
    }

    private AttentionCall call(Step.Attend attend) {
        return new AttentionCall(
                memory.tensor(attend.queries()),
                memory.tensor(attend.keys()),
                memory.tensor(attend.values()),
                attend.queryPositions(),
                attend.keyPositions(),
                attend.slices(),
                scoring.scale(),
                scoring.softcap(),
                scoring.dropout().fromHead(attend.firstHead()),
                memory.state(attend.state()),
                cancellation);
    }

    private GradientCall call(Step.Differentiate of) {
        return new GradientCall(
                memory.tensor(of.queries()),
                memory.tensor(of.keys()),
                memory.tensor(of.values()),
                of.queryPositions(),
                of.keyPositions(),
                of.slices(),
                scoring.scale(),
                scoring.softcap(),
                scoring.dropout().fromHead(of.firstHead()),
                memory.tensor(of.lse()),
                memory.tensor(of.delta()),
                memory.tensor(of.outGradients()),
                memory.tensor(of.queryGradients()),
                memory.tensor(of.keyGradients()),
                memory.tensor(of.valueGradients()),
                cancellation);
    }

    /** Queues the merge of some records of what is reduced, or the addition of some sums. */
    Future<?> merge(Step.AllReduce step, MemorySegment into, MemorySegment other) {
        return isState(step.state())
                ? attention.merge(records(step, into), records(step, other))
                : device.gradients().add(sums(step, other), sums(step, into));
    }

    /** Bytes of a record, or of a head's sums. */
    static long unitBytes(Step.AllReduce step) {
        Buffer reduced = step.state().buffer();
        return isState(step.state())
                ? SoftmaxState.recordBytes(reduced.dim())
                : (long) reduced.dim() * reduced.dtype().bytes();
    }

    private static SoftmaxState records(Step.AllReduce step, MemorySegment memory) {
        int dimV = step.state().buffer().dim();
        return new SoftmaxState(memory, memory.byteSize() / unitBytes(step), 1, dimV);
    }

    private static Tensor sums(Step.AllReduce step, MemorySegment memory) {
        Buffer like = step.state().buffer();
        return Tensor.dense(memory, like.dtype(), memory.byteSize() / unitBytes(step), 1, like.dim());
    }

    private static boolean isState(Part part) {
        return part.buffer().operand() == Operand.STATE;
    }
}
