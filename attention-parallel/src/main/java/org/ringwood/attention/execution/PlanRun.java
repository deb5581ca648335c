package org.ringwood.attention.execution;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.plan.Step;
import org.ringwood.collectives.Digest;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.Operation;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.Reducer;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.DeviceFullException;
import org.ringwood.kernels.DeviceMemory;

/**
 * One run of a rank's steps. It is what the rank waits for: whenever the group polls it, it ends the steps that are done and starts
 * those whose turn has come, so kernels, messages and waiting overlap as far as the dependencies let them.
 */
final class PlanRun implements ProcessGroup.Wait {
    private final Plan plan;
    private final ProcessGroup group;
    private final Device device;
    private final StepKernels kernels;
    private final StepListener listener;
    private final RankPlan rankPlan;
    private final RankMemory memory;
    private final StepOrder order;
    private final int[] readers;
    private final Operation operation;
    private final long agreed;
    private final List<Running> running = new ArrayList<>();
    private final Stopwatch compute = new Stopwatch();
    private final Queue<Step.AllReduce> reductions = new ArrayDeque<>();
    private volatile boolean cancelled;

    /** A step under way: a message, a kernel, or a copy to or from the device. */
    private sealed interface Running {
        Step step();

        boolean isDone();
    }

    private record Message(Step step, Transfer transfer) implements Running {
        @Override
        public boolean isDone() {
            return transfer.isDone();
        }
    }

    private record Queued(Step step, Future<?> future) implements Running {
        @Override
        public boolean isDone() {
            return future.isDone();
        }
    }

    PlanRun(
            Plan plan,
            RankPlan rankPlan,
            ProcessGroup group,
            Device device,
            Scoring scoring,
            StepListener listener,
            RankMemory memory) {
        this.plan = plan;
        this.rankPlan = rankPlan;
        this.group = group;
        this.device = device;
        this.kernels = new StepKernels(device, scoring, memory, () -> cancelled);
        this.listener = listener;
        this.memory = memory;
        this.order = new StepOrder(rankPlan.steps());
        this.readers = readers(rankPlan);
        this.operation = group.begin(plan.title());
        this.agreed = scoring.digest(plan);
    }

    private static int[] readers(RankPlan plan) {
        int[] readers = new int[plan.buffers().size()];
        for (Step step : plan.steps()) {
            for (Buffer buffer : RankMemory.readBy(step)) {
                readers[buffer.id()]++;
            }
        }
        return readers;
    }

    /**
     * Runs all steps. If that fails, every rank learns it, and neither a kernel nor a message is left that could touch memory.
     *
     * @throws org.ringwood.collectives.GroupFailureException if another rank failed, or the group did
     */
    void run() {
        try {
            listener.begun(rankPlan);
            while (!order.allEnded()) {
                group.await(this);
                reduce();
                requireNotStuck();
            }
            operation.close();
        } catch (RuntimeException | Error e) {
            group.fail(e);
            abandon(e);
            group.withdraw();
            throw e;
        }
    }

    private void requireNotStuck() {
        if (running.isEmpty() && !order.hasNext() && !order.allEnded()) {
            throw new IllegalStateException(
                    "the steps of " + plan + " on rank " + group.rank() + " wait for each other");
        }
    }

    double computeSeconds() {
        return compute.seconds();
    }

    @Override
    public boolean done() {
        endSteps();
        startSteps();
        return running.isEmpty() || !reductions.isEmpty();
    }

    @Override
    public boolean computing() {
        return compute.isRunning();
    }

    @Override
    public String describe() {
        Running shown = running.stream()
                .filter(Message.class::isInstance)
                .findFirst()
                .orElseGet(() -> running.isEmpty() ? null : running.getFirst());
        return shown == null ? "the next step of " + plan.title() + ", " + operation : describe(shown.step());
    }

    private String describe(Step step) {
        return "step " + step.id() + " (" + step + ") of " + plan.title() + " on rank " + group.rank() + ", "
                + operation;
    }

    private void startSteps() {
        for (Step step = order.next(); step != null; step = order.next()) {
            listener.started(step, System.nanoTime());
            switch (step) {
                case Step.Send send -> running.add(new Message(send, start(send)));
                case Step.Receive receive -> running.add(new Message(receive, start(receive)));
                case Step.AllReduce allReduce -> reductions.add(allReduce);
                case Step.Upload upload ->
                    queue(
                            upload,
                            deviceMemory()
                                    .upload(memory.tensor(upload.from()), memory.tensor(upload.to()), () -> cancelled));
                case Step.Download download ->
                    queue(
                            download,
                            deviceMemory()
                                    .download(
                                            memory.tensor(download.from()),
                                            memory.tensor(download.to()),
                                            () -> cancelled));
                case Step.Kernel kernel -> {
                    compute.start();
                    queue(kernel, kernels.start(kernel));
                }
            }
            order.started(step);
        }
    }

    private DeviceMemory deviceMemory() {
        return device.memory().orElseThrow();
    }

    private void queue(Step step, Future<?> future) {
        running.add(new Queued(step, future));
        if (future instanceof CompletableFuture<?> kernel) {
            CompletableFuture<?> _ = kernel.whenComplete((_, _) -> group.wake());
        }
    }

    private Transfer start(Step.Send send) {
        return operation.send(send.peer(), send.hop(), send.tag(), memory.contiguous(send.part()), digest(send.part()));
    }

    private Transfer start(Step.Receive receive) {
        Part part = receive.part();
        return receive.borrowed()
                ? operation.borrow(receive.peer(), receive.hop(), receive.tag(), part.bytes(), digest(part))
                : operation.receive(
                        receive.peer(), receive.hop(), receive.tag(), memory.contiguous(part), digest(part));
    }

    private long digest(Part part) {
        return Digest.with(agreed, part.digest());
    }

    private void endSteps() {
        for (Iterator<Running> all = running.iterator(); all.hasNext(); ) {
            Running one = all.next();
            if (one.isDone()) {
                all.remove();
                end(one);
            }
        }
    }

    private void end(Running one) {
        switch (one) {
            case Queued(Step step, Future<?> future) -> {
                if (step instanceof Step.Kernel) {
                    compute.stop();
                }
                requireSuccess(step, future);
                // Kernels end in order.
                kernels.before(step).ifPresent(earlier -> requireSuccess(step, earlier));
            }
            case Message(Step.Receive receive, BorrowedTransfer loan) -> {
                Buffer buffer = receive.part().buffer();
                memory.lend(buffer, loan, readers[buffer.id()]);
            }
            case Message _ -> {}
        }
        RankMemory.readBy(one.step()).forEach(memory::read);
        end(one.step());
    }

    private void end(Step step) {
        listener.ended(step, System.nanoTime());
        order.ended(step);
    }

    private void requireSuccess(Step step, Future<?> future) {
        if (future.state() == Future.State.SUCCESS) {
            return;
        }
        Throwable cause =
                future.state() == Future.State.FAILED ? future.exceptionNow() : new CancellationException("cancelled");
        if (cause instanceof DeviceFullException full) {
            throw Workspace.exhausted(full);
        }
        throw new IllegalStateException(describe(step) + ", failed: " + cause.getMessage(), cause);
    }

    /** All-reduces whose turn has come; outside of the wait, since they wait themselves. */
    private void reduce() {
        for (Step.AllReduce step = reductions.poll(); step != null; step = reductions.poll()) {
            reduce(step);
            end(step);
        }
    }

    private void reduce(Step.AllReduce step) {
        try {
            group.allReduce(
                    memory.contiguous(step.state()),
                    memory.contiguous(step.incoming()),
                    StepKernels.unitBytes(step),
                    agreed,
                    new PartReducer(step));
        } catch (GroupFailureException e) {
            GroupFailureException located = new GroupFailureException(e.failure(), describe(step));
            located.initCause(e);
            throw located;
        }
    }

    /** Merging and adding give the same bits with their operands swapped, so it does not matter which of them is the lower. */
    private final class PartReducer implements Reducer {
        private final Step.AllReduce step;

        PartReducer(Step.AllReduce step) {
            this.step = step;
        }

        @Override
        public void reduce(MemorySegment lower, MemorySegment higher, MemorySegment into) {
            merge(step, into, into.address() == lower.address() ? higher : lower);
        }

        @Override
        public boolean commutes() {
            return true;
        }
    }

    private void merge(Step.AllReduce step, MemorySegment into, MemorySegment other) {
        compute.start();
        Future<?> merged = kernels.merge(step, into, other);
        queue(step, merged);
        group.await(new KernelWait(merged, describe(step)));
        running.removeLast();
        compute.stop();
        requireSuccess(step, merged);
    }

    private record KernelWait(Future<?> future, String describe) implements ProcessGroup.Wait {
        @Override
        public boolean done() {
            return future.isDone();
        }

        @Override
        public boolean computing() {
            return true;
        }
    }

    /** Cancels the kernels and waits for their end, and for that of copies. */
    private void abandon(Throwable cause) {
        cancelled = true;
        boolean interrupted = false;
        for (Running one : running) {
            if (one instanceof Queued(Step _, Future<?> future)) {
                interrupted |= awaitEnd(future, cause);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns whether the thread was interrupted meanwhile. */
    private static boolean awaitEnd(Future<?> future, Throwable cause) {
        boolean interrupted = false;
        while (true) {
            try {
                future.get();
                return interrupted;
            } catch (InterruptedException e) {
                interrupted = true;
            } catch (CancellationException e) {
                return interrupted;
            } catch (ExecutionException e) {
                cause.addSuppressed(e.getCause());
                return interrupted;
            }
        }
    }
}
