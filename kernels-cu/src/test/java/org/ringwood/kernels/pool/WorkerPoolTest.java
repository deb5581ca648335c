package org.ringwood.kernels.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerPoolTest {
    private interface Task {
        void run(int task, int worker);
    }

    private static Phase phase(int tasks, Task body) {
        return new Phase() {
            @Override
            public int tasks() {
                return tasks;
            }

            @Override
            public void run(int task, int worker) {
                body.run(task, worker);
            }
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void everyTaskRunsOnceAndPhasesFollowEachOther(int threads) throws Exception {
        try (WorkerPool pool = new WorkerPool("test", threads)) {
            for (int round = 0; round < 2000; round++) {
                AtomicIntegerArray runs = new AtomicIntegerArray(30);
                AtomicInteger done = new AtomicInteger();
                AtomicInteger early = new AtomicInteger();
                Future<?> call = pool.submit(
                        phase(30, (task, worker) -> {
                            runs.incrementAndGet(task);
                            done.incrementAndGet();
                        }),
                        phase(0, (task, worker) -> early.incrementAndGet()),
                        phase(7, (task, worker) -> {
                            if (done.get() != 30 || worker >= threads) {
                                early.incrementAndGet();
                            }
                        }));
                call.get();
                assertThat(early).hasValue(0);
                for (int i = 0; i < 30; i++) {
                    assertThat(runs.get(i)).isEqualTo(1);
                }
            }
        }
    }

    @Test
    void callsCompleteInTheirOrder() throws Exception {
        try (WorkerPool pool = new WorkerPool("test", 3)) {
            List<Future<?>> calls = new ArrayList<>();
            List<Future<?>> followed = new ArrayList<>();
            Queue<Integer> completed = new ConcurrentLinkedQueue<>();
            AtomicInteger next = new AtomicInteger();
            AtomicInteger disorder = new AtomicInteger();
            for (int i = 0; i < 500; i++) {
                int call = i;
                calls.add(pool.submit(phase(3, (task, worker) -> {
                    if (next.get() / 3 != call) {
                        disorder.incrementAndGet();
                    }
                    next.incrementAndGet();
                })));
                followed.add(dependent(calls.getLast(), () -> completed.add(call)));
            }
            for (Future<?> last : followed) {
                last.get();
            }
            assertThat(disorder).hasValue(0);
            assertThat(List.copyOf(completed)).isSorted().hasSize(500);
        }
    }

    @Test
    void whatDependsOnACallDoesNotHoldUpTheNext() throws Exception {
        try (WorkerPool pool = new WorkerPool("test", 2)) {
            CountDownLatch begin = new CountDownLatch(1);
            CountDownLatch later = new CountDownLatch(1);
            Future<?> first = pool.submit(phase(1, (task, worker) -> await(begin)));
            Future<?> slow = dependent(first, () -> await(later));
            begin.countDown();
            pool.submit(phase(1, (task, worker) -> later.countDown())).get();
            slow.get();
        }
    }

    private static Future<?> dependent(Future<?> call, Runnable action) {
        return ((CompletableFuture<?>) call).thenRun(action);
    }

    /** If idle threads went on spinning, this would never end. */
    @Test
    void idleThreadsPark() throws Exception {
        try (WorkerPool pool = new WorkerPool("idle", 3)) {
            pool.submit(phase(10, (task, worker) -> {})).get();
            List<Thread> threads = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().startsWith("idle-"))
                    .toList();
            assertThat(threads).hasSize(3);
            while (threads.stream().anyMatch(thread -> thread.getState() != Thread.State.WAITING)) {
                Thread.onSpinWait();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void idleThreadsKeepNothingOfACallThatIsDone(int threads) throws Exception {
        try (WorkerPool pool = new WorkerPool("test", threads)) {
            ReferenceQueue<Object> freed = new ReferenceQueue<>();
            WeakReference<?> memory = runOnMemory(pool, freed);
            for (int collections = 0; collections < 300 && freed.remove(100) == null; collections++) {
                System.gc();
            }
            assertThat(memory.get()).isNull();
        }
    }

    private static WeakReference<?> runOnMemory(WorkerPool pool, ReferenceQueue<Object> freed) throws Exception {
        int[] memory = new int[10];
        pool.submit(phase(10, (task, worker) -> memory[task]++)).get();
        return new WeakReference<>(memory, freed);
    }

    @Test
    void aFailureEndsItsCallAndNoOther() throws Exception {
        try (WorkerPool pool = new WorkerPool("test", 2)) {
            AtomicInteger later = new AtomicInteger();
            Future<?> failing = pool.submit(
                    phase(4, (task, worker) -> {
                        throw new IllegalStateException("task " + task);
                    }),
                    phase(4, (task, worker) -> later.incrementAndGet()));
            Future<?> next = pool.submit(phase(1, (task, worker) -> {}));
            next.get();
            assertThat(failing.isDone()).isTrue();
            assertThatThrownBy(failing::get)
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(IllegalStateException.class);
            assertThat(later).hasValue(0);
        }
    }

    @Test
    void aCallCannotBeAbandoned() throws Exception {
        try (WorkerPool pool = new WorkerPool("test", 1)) {
            CountDownLatch release = new CountDownLatch(1);
            Future<?> call = pool.submit(phase(1, (task, worker) -> await(release)));
            assertThat(call.cancel(true)).isFalse();
            assertThat(call.isDone()).isFalse();
            release.countDown();
            call.get();
        }
    }

    @Test
    void closingCancelsWhatIsRunningAndWhatWaits() throws Exception {
        WorkerPool pool = new WorkerPool("test", 2);
        CountDownLatch running = new CountDownLatch(1);
        Future<?> first = pool.submit(phase(1, (task, worker) -> {
            running.countDown();
            while (!pool.isClosed()) {
                Thread.onSpinWait();
            }
        }));
        Future<?> second = pool.submit(phase(1, (task, worker) -> {}));
        running.await();
        pool.close();
        for (Future<?> call : List.of(first, second)) {
            assertThatThrownBy(call::get).isInstanceOf(CancellationException.class);
        }
        assertThatThrownBy(() -> pool.submit(phase(1, (task, worker) -> {})))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        pool.close();
    }

    @Test
    void rangesCoverTheRows() throws Exception {
        try (WorkerPool pool = new WorkerPool("test", 2)) {
            AtomicIntegerArray rows = new AtomicIntegerArray(103);
            pool.submit(new RowRanges(103, 10, (from, to, worker) -> {
                        for (long row = from; row < to; row++) {
                            rows.incrementAndGet((int) row);
                        }
                    }))
                    .get();
            for (int row = 0; row < 103; row++) {
                assertThat(rows.get(row)).isEqualTo(1);
            }
            assertThat(new RowRanges(Integer.MAX_VALUE * 5L, 1, (from, to, worker) -> {}).tasks())
                    .isPositive();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }
}
