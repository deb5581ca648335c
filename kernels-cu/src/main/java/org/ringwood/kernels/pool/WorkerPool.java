package org.ringwood.kernels.pool;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Fixed threads that run calls one after the other in the order of their submission, the tasks of each spread over all
 * threads. Idle threads spin briefly, as the next hop of a ring often follows at once, and then park.
 */
public final class WorkerPool implements AutoCloseable {
    private static final long SPIN_NANOS = 20_000;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition roundStarted = lock.newCondition();
    private final Queue<Call> calls = new ArrayDeque<>();
    /** Calls that are done, on their way to whoever waits for them; filled under the lock. */
    private final Queue<Call> done = new ConcurrentLinkedQueue<>();

    private final ReentrantLock completing = new ReentrantLock();
    private final List<Thread> threads = new ArrayList<>();
    private volatile @Nullable Round current;
    /** Number of the last round that was started; guarded by the lock. */
    private long rounds;

    private volatile boolean closed;

    /** Starts {@code threads} daemon threads called {@code name-0}, {@code name-1}, …, on processors that the system chooses. */
    public WorkerPool(String name, int threads) {
        this(name, threads, CpuList.NONE);
    }

    /**
     * Starts {@code threads} daemon threads called {@code name-0}, {@code name-1}, …, on processors that the system chooses if the
     * list is empty, else on those of the list: one each, in their order, or on all of them if the threads are more.
     *
     * @throws UnsupportedOperationException if threads can't be pinned on this system
     * @throws IllegalArgumentException if a processor is not one that this process may use
     */
    public WorkerPool(String name, int threads, CpuList cpus) {
        Affinity.require(cpus);
        List<CompletableFuture<@Nullable Void>> starts = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int worker = i;
            CompletableFuture<@Nullable Void> started = new CompletableFuture<>();
            starts.add(started);
            this.threads.add(Thread.ofPlatform()
                    .name(name + "-" + worker)
                    .daemon()
                    .unstarted(() -> work(worker, cpus.of(worker, threads), started)));
        }
        this.threads.forEach(Thread::start);
        try {
            starts.forEach(CompletableFuture::join);
        } catch (CompletionException e) {
            close();
            Throwable cause = e.getCause();
            throw new IllegalStateException(
                    "a thread can't be pinned to its cpus: " + (cause == null ? e : cause).getMessage(), cause);
        }
    }

    /** Number of threads. */
    public int threads() {
        return threads.size();
    }

    /** Whether tasks should give up because the pool is closing. */
    public boolean isClosed() {
        return closed;
    }

    /**
     * Queues a call. Its future completes after those of all earlier calls, and what depends on it runs on a thread of the pool: it
     * may be slow at the cost of that thread, but must not wait for a call of this pool. The call can't be cancelled through the
     * future: a task would go on using its caller's memory.
     *
     * @throws IllegalStateException if the pool is closed
     */
    public Future<?> submit(Phase... phases) {
        Call call = new Call(phases.clone());
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("the device is closed: open another for further calls");
            }
            calls.add(call);
            if (current == null) {
                startNextRound();
            }
        } finally {
            lock.unlock();
        }
        completeDone();
        return call.completion;
    }

    /** Ends the threads once their tasks notice, and fails every unfinished call with {@link CancellationException}. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            roundStarted.signalAll();
        } finally {
            lock.unlock();
        }
        joinAll();
        for (Call call = calls.poll(); call != null; call = calls.poll()) {
            call.completion.completeExceptionally(new CancellationException("the device was closed"));
        }
    }

    private void joinAll() {
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void work(int worker, CpuList cpus, CompletableFuture<@Nullable Void> started) {
        try {
            Affinity.pin(cpus);
            started.complete(null);
        } catch (RuntimeException | Error e) {
            started.completeExceptionally(e);
        }
        long last = 0;
        while (!closed) {
            last = workOnce(last, worker);
        }
    }

    /**
     * Works on the first round after round {@code last} and returns its number. Threads remember only that, and no frame of one that
     * waits holds a round: the memory of a call, and its caller's, may be freed once it is done.
     */
    private long workOnce(long last, int worker) {
        Round round = spin(last);
        if (round == null) {
            round = await(last);
        }
        if (round == null) {
            return last;
        }
        drain(round, worker);
        return round.number;
    }

    /** The first round after round {@code last}, or null if it doesn't come soon. */
    private @Nullable Round spin(long last) {
        long deadline = System.nanoTime() + SPIN_NANOS;
        do {
            Round round = current;
            if (isAfter(round, last)) {
                return round;
            }
            Thread.onSpinWait();
        } while (!closed && System.nanoTime() - deadline < 0);
        return null;
    }

    /** The first round after round {@code last}, or null when the pool closes. */
    private @Nullable Round await(long last) {
        lock.lock();
        try {
            while (!closed && !isAfter(current, last)) {
                roundStarted.awaitUninterruptibly();
            }
            return closed ? null : current;
        } finally {
            lock.unlock();
        }
    }

    private static boolean isAfter(@Nullable Round round, long last) {
        return round != null && round.number > last;
    }

    private void drain(Round round, int worker) {
        for (int task = round.next.getAndIncrement(); task < round.tasks; task = round.next.getAndIncrement()) {
            runTask(round, task, worker);
            if (round.left.decrementAndGet() == 0) {
                finish(round);
            }
        }
    }

    private void runTask(Round round, int task, int worker) {
        if (closed || round.call.failure != null) {
            return;
        }
        try {
            round.phase.run(task, worker);
        } catch (Throwable e) {
            round.call.fail(e);
        }
    }

    private void finish(Round round) {
        lock.lock();
        try {
            round.call.phasesDone++;
            current = null;
            if (!closed) {
                startNextRound();
            }
        } finally {
            lock.unlock();
        }
        completeDone();
    }

    /**
     * Completes calls in their order, without the lock, as what depends on them may take its time. If another thread is at it, that one
     * goes on with what this one has left.
     */
    private void completeDone() {
        while (!done.isEmpty() && completing.tryLock()) {
            try {
                for (Call call = done.poll(); call != null; call = done.poll()) {
                    call.complete();
                }
            } finally {
                completing.unlock();
            }
        }
    }

    /** Sets calls aside that are done until one has tasks to run. The lock is held. */
    private void startNextRound() {
        for (Call call = calls.peek(); call != null; call = calls.peek()) {
            Round round = call.nextRound(rounds + 1);
            if (round != null) {
                rounds = round.number;
                current = round;
                for (int i = 0; i < Math.min(round.tasks, threads.size()); i++) {
                    roundStarted.signal();
                }
                return;
            }
            calls.remove();
            done.add(call);
        }
    }

    /** One kernel call in the queue. */
    private static final class Call {
        final Phase[] phases;
        final Completion completion = new Completion();
        volatile @Nullable Throwable failure;
        int phasesDone;

        Call(Phase[] phases) {
            this.phases = phases;
        }

        synchronized void fail(Throwable cause) {
            if (failure == null) {
                failure = cause;
            }
        }

        /** The next phase that has tasks as round {@code number}, or null if there is none or the call failed. */
        @Nullable
        Round nextRound(long number) {
            for (; failure == null && phasesDone < phases.length; phasesDone++) {
                try {
                    int tasks = phases[phasesDone].tasks();
                    if (tasks > 0) {
                        return new Round(number, this, phases[phasesDone], tasks);
                    }
                } catch (RuntimeException | Error e) {
                    fail(e);
                }
            }
            return null;
        }

        void complete() {
            Throwable cause = failure;
            if (cause == null) {
                completion.complete(null);
            } else {
                completion.completeExceptionally(cause);
            }
        }
    }

    /** A phase that is being run. */
    private static final class Round {
        final long number;
        final Call call;
        final Phase phase;
        final int tasks;
        final AtomicInteger next = new AtomicInteger();
        final AtomicInteger left;

        Round(long number, Call call, Phase phase, int tasks) {
            this.number = number;
            this.call = call;
            this.phase = phase;
            this.tasks = tasks;
            this.left = new AtomicInteger(tasks);
        }
    }

    /** A future that only the pool completes. */
    private static final class Completion extends CompletableFuture<@Nullable Void> {
        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            return false;
        }
    }
}
