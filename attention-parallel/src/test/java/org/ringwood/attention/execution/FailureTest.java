package org.ringwood.attention.execution;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;

/** When a rank fails in the middle, all end, name it, and leave no kernel behind. */
class FailureTest {
    private static final int RANKS = 4;
    private static final int CULPRIT = 1;
    private static final AttentionShape SHAPE = new AttentionShape(64, 64, 8, 4, 8, 8, DType.F32);

    private static Plan plan(String name) {
        return plan(name, Mask.full(64, 64), RANKS);
    }

    private static Plan plan(String name, Mask mask, int ranks) {
        Schedule schedule = Schedules.named(name);
        return schedule.plan(schedule.problem(SHAPE, mask, PartitionRule.ZIGZAG, Topology.singleNode(ranks)));
    }

    /** Runs the plan with the culprit's attentions and the others' replaced. */
    private static List<Optional<Throwable>> run(
            Plan plan,
            Function<AttentionCall, Future<?>> culprit,
            Function<Device, Function<AttentionCall, Future<?>>> others) {
        try (Arena arena = Arena.ofShared()) {
            ShardedRun run = new ShardedRun(arena, plan, ShardedRun.Layout.DENSE, Scoring.of(8), 1);
            return RankThreads.outcomes(
                    ProcessGroups.inProcess(plan.problem().topology(), ShardedRun.TIMEOUTS), group -> {
                        Device cpu = Devices.open(Devices.Kind.CPU, 1);
                        try (HookedDevice device =
                                        new HookedDevice(cpu, group.rank() == CULPRIT ? culprit : others.apply(cpu));
                                PlanExecutor executor = new PlanExecutor(group, device)) {
                            try {
                                executor.execute(plan, run.shard(group.rank()), Scoring.of(8));
                            } catch (RuntimeException e) {
                                assertThat(device.isIdle())
                                        .as("no kernel is left")
                                        .isTrue();
                                throw e;
                            }
                        }
                    });
        }
    }

    private static Future<?> broken() {
        return CompletableFuture.failedFuture(new ArithmeticException("the device is on fire"));
    }

    private static void assertAllNameTheCulprit(List<Optional<Throwable>> outcomes, String schedule) {
        assertThat(outcomes.get(CULPRIT))
                .get()
                .satisfies(thrown -> assertThat(thrown)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("attend")
                        .hasMessageContaining(schedule)
                        .hasMessageContaining("on rank " + CULPRIT)
                        .hasMessageContaining("the device is on fire"));
        for (int rank = 0; rank < RANKS; rank++) {
            if (rank != CULPRIT) {
                assertThat(outcomes.get(rank))
                        .get()
                        .satisfies(thrown -> assertThat(thrown)
                                .isInstanceOf(GroupFailureException.class)
                                .hasMessageContaining("rank " + CULPRIT)
                                .hasMessageContaining("the device is on fire")
                                .hasMessageContaining(schedule));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ring", "double-ring", "gather", "ulysses", "hybrid", "tree"})
    void aKernelThatFailsEndsAllRanks(String schedule) {
        List<Optional<Throwable>> outcomes = run(plan(schedule), call -> broken(), device -> device.kernels()::attend);
        assertAllNameTheCulprit(outcomes, schedule);
    }

    @Test
    void longKernelsOfTheOthersAreCancelledAndAwaited() {
        List<Optional<Throwable>> outcomes = run(plan("ring"), call -> broken(), device -> FailureTest::untilCancelled);
        assertAllNameTheCulprit(outcomes, "ring");
    }

    /** Rank 0 reads the culprit's keys where they lie, and is slow to hear that it shall not. */
    @Test
    void aCallThatFailsReturnsWhenNobodyReadsItsTensors() {
        Plan plan = plan("gather", Mask.full(64, 64), 2);
        CountDownLatch reads = new CountDownLatch(1);
        AtomicBoolean readsNoMore = new AtomicBoolean();
        AtomicBoolean readWhenCulpritReturned = new AtomicBoolean();
        try (Arena arena = Arena.ofShared()) {
            ShardedRun run = new ShardedRun(arena, plan, ShardedRun.Layout.DENSE, Scoring.of(8), 1);
            MemorySegment keys = run.shard(CULPRIT).keys().memory();
            List<Optional<Throwable>> outcomes = RankThreads.outcomes(
                    ProcessGroups.inProcess(plan.problem().topology(), ShardedRun.TIMEOUTS), group -> {
                        Device cpu = Devices.open(Devices.Kind.CPU, 1);
                        Function<AttentionCall, Future<?>> culprit = call -> async(() -> {
                            reads.await();
                            throw new ArithmeticException("the device is on fire");
                        });
                        Function<AttentionCall, Future<?>> reader =
                                call -> call.keys().memory().address() != keys.address()
                                        ? cpu.kernels().attend(call)
                                        : async(() -> {
                                            reads.countDown();
                                            awaitCancellation(call);
                                            LockSupport.parkNanos(50_000_000);
                                            readsNoMore.set(true);
                                            return null;
                                        });
                        try (HookedDevice device = new HookedDevice(cpu, group.rank() == CULPRIT ? culprit : reader);
                                PlanExecutor executor = new PlanExecutor(group, device)) {
                            try {
                                executor.execute(plan, run.shard(group.rank()), Scoring.of(8));
                            } finally {
                                if (group.rank() == CULPRIT) {
                                    readWhenCulpritReturned.set(!readsNoMore.get());
                                }
                            }
                        }
                    });
            assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome).isPresent());
            assertThat(readsNoMore).isTrue();
            assertThat(readWhenCulpritReturned).isFalse();
        }
    }

    private static CompletableFuture<?> async(Callable<?> kernel) {
        FutureTask<?> task = new FutureTask<>(kernel);
        return CompletableFuture.runAsync(
                () -> {
                    task.run();
                    if (task.state() == Future.State.FAILED) {
                        throw new CompletionException(task.exceptionNow());
                    }
                },
                thread -> Thread.ofPlatform().daemon().start(thread));
    }

    /** A kernel that ends only when it is told to. */
    private static Future<?> untilCancelled(AttentionCall call) {
        return async(() -> {
            awaitCancellation(call);
            throw new CancellationException("cancelled");
        });
    }

    private static void awaitCancellation(AttentionCall call) {
        while (!call.cancellation().requested()) {
            LockSupport.parkNanos(100_000);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ring", "gather", "ulysses", "tree"})
    void ranksWithAnotherSoftcapDisagree(String schedule) {
        Plan plan = plan(schedule, Mask.full(64, 64), 2);
        assertDisagreement(plan, new Scoring(0.5f, 0), plan, new Scoring(0.5f, 30));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ring", "gather", "ulysses", "tree"})
    void ranksWithAnotherDropoutDisagree(String schedule) {
        Plan plan = plan(schedule, Mask.full(64, 64), 2);
        Scoring scoring = Scoring.of(8).withDropout(0.1, 7);
        assertDisagreement(plan, scoring, plan, Scoring.of(8).withDropout(0.1, 8));
        assertDisagreement(plan, scoring, plan, Scoring.of(8).withDropout(0.2, 7));
        assertDisagreement(plan, scoring, plan, Scoring.of(8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ring", "gather", "ulysses", "tree"})
    void ranksWithAnotherMaskDisagree(String schedule) {
        Plan full = plan(schedule, Mask.full(64, 64), 2);
        Plan causal = plan(schedule, Mask.causal(64, 64), 2);
        assertDisagreement(full, Scoring.of(8), causal, Scoring.of(8));
    }

    private static void assertDisagreement(Plan first, Scoring ofFirst, Plan second, Scoring ofSecond) {
        try (Arena arena = Arena.ofShared()) {
            ShardedRun run = new ShardedRun(arena, first, ShardedRun.Layout.DENSE, ofFirst, 1);
            List<Optional<Throwable>> outcomes = RankThreads.outcomes(
                    ProcessGroups.inProcess(first.problem().topology(), ShardedRun.TIMEOUTS), group -> {
                        try (Device device = Devices.open(Devices.Kind.CPU, 1);
                                PlanExecutor executor = new PlanExecutor(group, device)) {
                            boolean isFirst = group.rank() == 0;
                            executor.execute(
                                    isFirst ? first : second, run.shard(group.rank()), isFirst ? ofFirst : ofSecond);
                        }
                    });
            assertThat(outcomes)
                    .allSatisfy(outcome -> assertThat(outcome)
                            .get()
                            .isInstanceOfSatisfying(GroupFailureException.class, thrown -> {
                                assertThat(thrown.failure().cause()).isEqualTo(Failure.Cause.DISAGREEMENT);
                                assertThat(thrown).hasMessageContaining("the same shapes, dtypes, masks and settings");
                            }));
        }
    }

    @Test
    void tensorsOfAnotherShapeAreRefusedAndAllLearnIt() {
        Plan plan = plan("ring");
        Plan other = Schedules.named("ring")
                .plan(Schedules.named("ring")
                        .problem(
                                new AttentionShape(68, 68, 8, 4, 8, 8, DType.F32),
                                Mask.full(68, 68),
                                PartitionRule.ZIGZAG,
                                Topology.singleNode(RANKS)));
        try (Arena arena = Arena.ofShared()) {
            ShardedRun run = new ShardedRun(arena, plan, ShardedRun.Layout.DENSE, Scoring.of(8), 1);
            List<Optional<Throwable>> outcomes = RankThreads.outcomes(
                    ProcessGroups.inProcess(plan.problem().topology(), ShardedRun.TIMEOUTS), group -> {
                        try (Device device = Devices.open(Devices.Kind.CPU, 1);
                                PlanExecutor executor = new PlanExecutor(group, device)) {
                            Plan mine = group.rank() == CULPRIT ? other : plan;
                            executor.execute(mine, run.shard(group.rank()), Scoring.of(8));
                        }
                    });
            assertThat(outcomes.get(CULPRIT))
                    .get()
                    .satisfies(thrown -> assertThat(thrown)
                            .isInstanceOf(IllegalArgumentException.class)
                            .hasMessageContaining("rank 1 gave queries of F32 [16, 8, 8]")
                            .hasMessageContaining("wants F32 [17, 8, 8]"));
            assertThat(outcomes.getFirst())
                    .get()
                    .satisfies(thrown -> assertThat(thrown)
                            .isInstanceOf(GroupFailureException.class)
                            .hasMessageContaining("rank 1 gave queries"));
        }
    }
}
