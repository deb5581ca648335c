package org.ringwood.attention.execution;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.MaskRule;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.Liveness;
import org.ringwood.collectives.MemoryExhaustedException;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Space;
import org.ringwood.kernels.Tensor;

/** Plans on devices with memory of their own give the bits that they give elsewhere, and copy nothing twice. */
class DistantDeviceTest {
    private static final long TOKENS = 45;
    private static final AttentionShape SHAPE = new AttentionShape(TOKENS, TOKENS, 5, 3, 8, 12, DType.F32);
    private static final Scoring SCORING = Scoring.of(8).withDropout(0.2, 6);

    static List<Schedule> schedules() {
        return Schedules.all();
    }

    private static Plan plan(Schedule schedule, Mask mask, int ranks) {
        Topology topology = new Topology(
                IntStream.range(0, ranks).mapToObj(rank -> "node" + rank / 2).toList());
        return schedule.plan(schedule.problem(SHAPE, mask, PartitionRule.ZIGZAG, topology));
    }

    private static void onEveryRank(Plan plan, BiConsumer<ProcessGroup, DistantDevice> body) {
        onEveryRank(ProcessGroups.inProcess(plan.problem().topology(), ShardedRun.TIMEOUTS), body);
    }

    private static void onEveryRank(
            Plan plan,
            Liveness liveness,
            List<DirectTransport> transports,
            BiConsumer<ProcessGroup, DistantDevice> body) {
        onEveryRank(DirectTransport.groups(plan.problem().topology(), liveness, transports), body);
    }

    private static void onEveryRank(List<ProcessGroup> groups, BiConsumer<ProcessGroup, DistantDevice> body) {
        RankThreads.run(groups, group -> {
            try (DistantDevice device = new DistantDevice()) {
                body.accept(group, device);
                assertThat(device.allocated()).as("allocations that are left").isZero();
            }
        });
    }

    private static void assertSame(Tensor actual, Tensor expected, String what) {
        assertThat(actual.memory()
                        .asSlice(0, actual.denseBytes())
                        .mismatch(expected.memory().asSlice(0, expected.denseBytes())))
                .as(what)
                .isEqualTo(-1);
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void bitsAreThoseOfTheHost(Schedule schedule) {
        for (Mask mask : List.of(
                Mask.full(TOKENS, TOKENS),
                Mask.causal(TOKENS, TOKENS),
                MaskRule.window(6, 2, 3).over(TOKENS, TOKENS))) {
            for (int ranks : new int[] {1, 2, 4, 5}) {
                assertSameBits(plan(schedule, mask, ranks));
            }
        }
    }

    /** The CPU's bits depend on strides; twins are dense. */
    private static void assertSameBits(Plan plan) {
        try (Arena arena = Arena.ofShared()) {
            ShardedRun host = new ShardedRun(arena, plan, ShardedRun.Layout.DENSE, SCORING, 1);
            List<Execution> executions = host.run(Devices.Kind.CPU);
            for (ShardedRun.Layout layout : ShardedRun.Layout.values()) {
                ShardedRun distant = new ShardedRun(arena, plan, layout, SCORING, 1);
                onEveryRank(plan, (group, device) -> {
                    Execution execution = distant.run(group, device);
                    assertThat(execution.traffic())
                            .isEqualTo(executions.get(group.rank()).traffic());
                    assertThat(execution.peakDeviceBytes()).isPositive();
                });
                assertSame(distant.output(), host.output(), plan + ", " + layout);
                assertSame(distant.lse(), host.lse(), plan + ", " + layout);
            }
        }
    }

    /** Blocks come in on the device, and go on from there. */
    @ParameterizedTest
    @MethodSource("schedules")
    void bitsAreThoseOfTheHostWhereMessagesTakeMemoryOfDevices(Schedule schedule) {
        for (int ranks : new int[] {2, 5}) {
            for (ShardedRun.Layout layout : ShardedRun.Layout.values()) {
                Plan plan = plan(schedule, Mask.causal(TOKENS, TOKENS), ranks);
                try (Arena arena = Arena.ofShared()) {
                    ShardedRun host = new ShardedRun(arena, plan, ShardedRun.Layout.DENSE, SCORING, 1);
                    List<Execution> executions = host.run(Devices.Kind.CPU);
                    ShardedRun distant = new ShardedRun(arena, plan, layout, SCORING, 1);
                    Liveness liveness = Liveness.local();
                    onEveryRank(plan, liveness, DirectTransport.connect(plan.ranks(), liveness), (group, device) -> {
                        if (group.rank() % 2 == 1 && layout == ShardedRun.Layout.DENSE) {
                            runOnDevice(plan, distant.shard(group.rank()), group, device);
                        } else {
                            Execution execution = distant.run(group, device);
                            assertThat(execution.traffic())
                                    .isEqualTo(executions.get(group.rank()).traffic());
                        }
                    });
                    assertSame(distant.output(), host.output(), plan + ", " + layout);
                    assertSame(distant.lse(), host.lse(), plan + ", " + layout);
                }
            }
        }
    }

    /** Of one node: what they receive they copy from each other. */
    @ParameterizedTest
    @MethodSource("schedules")
    void bitsAreThoseOfTheHostWhereDevicesAreLinked(Schedule schedule) {
        Topology node = Topology.singleNode(4);
        Plan plan = schedule.plan(schedule.problem(SHAPE, Mask.causal(TOKENS, TOKENS), PartitionRule.ZIGZAG, node));
        try (Arena arena = Arena.ofShared()) {
            ShardedRun host = new ShardedRun(arena, plan, ShardedRun.Layout.DENSE, SCORING, 1);
            long sent = host.run(Devices.Kind.CPU).stream()
                    .mapToLong(execution -> execution.traffic().bytes())
                    .sum();
            for (ShardedRun.Layout layout : ShardedRun.Layout.values()) {
                ShardedRun distant = new ShardedRun(arena, plan, layout, SCORING, 1);
                AtomicLong copied = new AtomicLong();
                onEveryRank(plan, (group, device) -> {
                    device.shares = true;
                    distant.run(group, device);
                    copied.addAndGet(device.bytesOfOthers.get());
                });
                assertThat(copied).hasValue(sent);
                assertSame(distant.output(), host.output(), plan + ", " + layout);
                assertSame(distant.lse(), host.lse(), plan + ", " + layout);
            }
        }
    }

    /** Queries and the rank's own keys and values go to the device, and all messages from there. */
    @Test
    void aRingWhoseMessagesTakeMemoryOfDevicesUploadsNoBlockOfOthers() {
        int ranks = 5;
        Plan plan = plan(Schedules.named("ring"), Mask.full(TOKENS, TOKENS), ranks);
        Liveness liveness = Liveness.local();
        List<DirectTransport> transports = DirectTransport.connect(plan.ranks(), liveness);
        try (Arena arena = Arena.ofShared()) {
            ShardedRun run = new ShardedRun(arena, plan, ShardedRun.Layout.DENSE, SCORING, 1);
            onEveryRank(plan, liveness, transports, (group, device) -> {
                AttentionTensors shard = run.shard(group.rank());
                Execution execution = run.run(group, device);
                long own = shard.keys().denseBytes() + shard.values().denseBytes();
                long all = Tensor.denseBytes(DType.F32, TOKENS, 3, 8 + 12);
                assertThat(device.uploadedBytes.get()).isEqualTo(shard.queries().denseBytes() + own);
                long output = shard.out().denseBytes() + shard.lse().denseBytes();
                assertThat(device.downloadedBytes.get()).isEqualTo(output);
                assertThat(device.stagedBytes.get()).isZero();
                DirectTransport transport = transports.get(group.rank());
                assertThat(transport.bytesReceived).isEqualTo(all - own);
                assertThat(transport.bytesSent).isEqualTo(execution.traffic().bytes());
                long state = SoftmaxState.bytes(shard.queries().tokens(), 5, 12);
                assertThat(execution.peakDeviceBytes())
                        .as("queries, state, output and no more than three blocks")
                        .isLessThanOrEqualTo(
                                shard.queries().denseBytes() + state + output + all * 3 / ranks + 3 * 3 * 20 * 4);
            });
        }
    }

    /** Some ranks have theirs on the device, the others in memory of the host. */
    @ParameterizedTest
    @MethodSource("schedules")
    void tensorsOfTheCallerMayBeOnTheDevice(Schedule schedule) {
        for (int ranks : new int[] {1, 3}) {
            for (ShardedRun.Layout layout : ShardedRun.Layout.values()) {
                Plan plan = plan(schedule, Mask.causal(TOKENS, TOKENS), ranks);
                try (Arena arena = Arena.ofShared()) {
                    ShardedRun host = new ShardedRun(arena, plan, layout, SCORING, 1);
                    host.run(Devices.Kind.CPU);
                    ShardedRun distant = new ShardedRun(arena, plan, layout, SCORING, 1);
                    onEveryRank(plan, (group, device) -> {
                        if (group.rank() == 1) {
                            distant.run(group, device);
                        } else {
                            runOnDevice(plan, distant.shard(group.rank()), group, device);
                        }
                    });
                    assertSame(distant.output(), host.output(), plan + ", " + layout);
                    assertSame(distant.lse(), host.lse(), plan + ", " + layout);
                }
            }
        }
    }

    /** Runs a rank on twins of its tensors, and takes the results back. */
    private static void runOnDevice(Plan plan, AttentionTensors shard, ProcessGroup group, DistantDevice device) {
        List<MemorySegment> memory = new ArrayList<>();
        AttentionTensors there = new AttentionTensors(
                twin(shard.queries(), device, memory),
                twin(shard.keys(), device, memory),
                twin(shard.values(), device, memory),
                twin(shard.out(), device, memory),
                twin(shard.lse(), device, memory));
        try (PlanExecutor executor = new PlanExecutor(group, device)) {
            executor.execute(plan, there, SCORING);
        }
        await(device.download(there.out(), shard.out()));
        await(device.download(there.lse(), shard.lse()));
        memory.forEach(device::free);
    }

    private static Tensor twin(Tensor tensor, DistantDevice device, List<MemorySegment> memory) {
        MemorySegment segment = device.allocate(tensor.memory().byteSize());
        memory.add(segment);
        Tensor twin = new Tensor(
                segment,
                tensor.dtype(),
                tensor.tokens(),
                tensor.heads(),
                tensor.dim(),
                tensor.tokenStride(),
                tensor.headStride());
        await(device.upload(tensor, twin));
        return twin;
    }

    private static void await(Future<?> copy) {
        try {
            copy.get();
        } catch (Exception e) {
            throw new AssertionError("a copy failed", e);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void aRingUploadsQueriesAndEveryBlockOnceAndNoState(int ranks) {
        Plan plan = plan(Schedules.named("ring"), Mask.full(TOKENS, TOKENS), ranks);
        try (Arena arena = Arena.ofShared()) {
            ShardedRun run = new ShardedRun(arena, plan, ShardedRun.Layout.DENSE, SCORING, 1);
            onEveryRank(plan, (group, device) -> {
                AttentionTensors shard = run.shard(group.rank());
                long blocks = Tensor.denseBytes(DType.F32, TOKENS, 3, 8 + 12);
                for (int times = 1; times <= 2; times++) {
                    Execution execution = run.run(group, device);
                    long queries = shard.queries().denseBytes();
                    long output = shard.out().denseBytes() + shard.lse().denseBytes();
                    assertThat(device.uploadedBytes.get()).isEqualTo(times * (queries + blocks));
                    assertThat(device.downloadedBytes.get()).isEqualTo(times * output);
                    assertThat(device.stagedBytes.get()).isZero();
                    long all = queries + SoftmaxState.bytes(shard.queries().tokens(), 5, 12) + output;
                    assertThat(execution.peakDeviceBytes())
                            .as("queries, state, output and no more than three blocks")
                            .isBetween(all + 1, all + blocks * 3 / ranks + 3 * 3 * 20 * 4);
                }
            });
        }
    }

    @Test
    void aTreeTakesItsStateDownAndUpOnce() {
        Plan plan = plan(Schedules.named("tree"), Mask.full(TOKENS, TOKENS), 4);
        try (Arena arena = Arena.ofShared()) {
            ShardedRun run = new ShardedRun(arena, plan, ShardedRun.Layout.DENSE, SCORING, 1);
            onEveryRank(plan, (group, device) -> {
                run.run(group, device);
                AttentionTensors shard = run.shard(group.rank());
                long state = SoftmaxState.bytes(TOKENS, 5, 12);
                long output = shard.out().denseBytes() + shard.lse().denseBytes();
                long inputs = shard.queries().denseBytes()
                        + shard.keys().denseBytes()
                        + shard.values().denseBytes();
                assertThat(device.downloadedBytes.get()).isEqualTo(state + output);
                assertThat(device.uploadedBytes.get()).isEqualTo(inputs + state);
            });
        }
    }

    @Test
    void tensorsOfADeviceAreRefusedWhereThereIsNone() {
        Plan plan = plan(Schedules.named("ring"), Mask.full(TOKENS, TOKENS), 1);
        try (Arena arena = Arena.ofShared()) {
            AttentionTensors shard = new ShardedRun(arena, plan, ShardedRun.Layout.DENSE, SCORING, 1).shard(0);
            Tensor queries = shard.queries();
            AttentionTensors there = new AttentionTensors(
                    Tensor.dense(Space.onDevice(4096, queries.denseBytes()), DType.F32, queries.tokens(), 5, 8),
                    shard.keys(),
                    shard.values(),
                    shard.out(),
                    shard.lse());
            List<Optional<Throwable>> outcomes = RankThreads.outcomes(
                    ProcessGroups.inProcess(plan.problem().topology(), ShardedRun.TIMEOUTS), group -> {
                        try (Device cpu = Devices.open(Devices.Kind.CPU, 1);
                                PlanExecutor executor = new PlanExecutor(group, cpu)) {
                            executor.execute(plan, there, SCORING);
                        }
                    });
            assertThat(outcomes.getFirst())
                    .get()
                    .satisfies(thrown -> assertThat(thrown)
                            .isInstanceOf(IllegalArgumentException.class)
                            .hasMessageContaining("rank 0 gave [queries] in memory of a device, but computes on cpu"));
        }
    }

    @Test
    void aFullDeviceEndsAllRanksBeforeAnythingRuns() {
        Plan plan = plan(Schedules.named("ring"), Mask.full(TOKENS, TOKENS), 2);
        try (Arena arena = Arena.ofShared()) {
            ShardedRun run = new ShardedRun(arena, plan, ShardedRun.Layout.DENSE, SCORING, 1);
            List<Optional<Throwable>> outcomes = RankThreads.outcomes(
                    ProcessGroups.inProcess(plan.problem().topology(), ShardedRun.TIMEOUTS), group -> {
                        try (DistantDevice device = new DistantDevice()) {
                            device.capacity = group.rank() == 1 ? 1000 : Long.MAX_VALUE;
                            run.run(group, device);
                        }
                    });
            assertThat(outcomes.getLast())
                    .get()
                    .satisfies(thrown -> assertThat(thrown)
                            .isInstanceOf(MemoryExhaustedException.class)
                            .hasMessageStartingWith("it has no "));
            assertThat(outcomes.getFirst())
                    .get()
                    .satisfies(thrown -> assertThat(thrown)
                            .isInstanceOf(GroupFailureException.class)
                            .hasMessageContaining("rank 1")
                            .hasMessageContaining("has no memory left: it has no "));
        }
    }

    /** The others' uploads are under way when a rank fails, and end then: no rank returns before its own has. */
    @ParameterizedTest
    @ValueSource(strings = {"ring", "gather", "tree"})
    void noCopyIsLeftWhenARankFails(String schedule) {
        Plan plan = plan(Schedules.named(schedule), Mask.full(TOKENS, TOKENS), 3);
        CountDownLatch failed = new CountDownLatch(1);
        try (Arena arena = Arena.ofShared()) {
            ShardedRun run = new ShardedRun(arena, plan, ShardedRun.Layout.DENSE, SCORING, 1);
            List<Optional<Throwable>> outcomes = RankThreads.outcomes(
                    ProcessGroups.inProcess(plan.problem().topology(), ShardedRun.TIMEOUTS), group -> {
                        if (group.rank() == 1) {
                            try (Device cpu = Devices.open(Devices.Kind.CPU, 1);
                                    HookedDevice device = new HookedDevice(cpu, call -> broken(failed));
                                    PlanExecutor executor = new PlanExecutor(group, device)) {
                                executor.execute(plan, run.shard(1), SCORING);
                            }
                        } else {
                            runSlowly(plan, run.shard(group.rank()), group, failed);
                        }
                    });
            assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome).isPresent());
            assertThat(outcomes.getFirst()).get().isInstanceOf(GroupFailureException.class);
            assertThat(outcomes.getLast()).get().isInstanceOf(GroupFailureException.class);
        }
    }

    /** Once the rank has failed, it may wait for a copy of its own memory to end. */
    private static Future<?> broken(CountDownLatch failed) {
        failed.countDown();
        throw new ArithmeticException("the device is on fire");
    }

    private static void runSlowly(Plan plan, AttentionTensors shard, ProcessGroup group, CountDownLatch failed) {
        try (DistantDevice device = new DistantDevice(() -> awaitWithinAMinute(failed));
                PlanExecutor executor = new PlanExecutor(group, device)) {
            try {
                executor.execute(plan, shard, SCORING);
            } finally {
                assertThat(device.isIdle()).as("no copy and no kernel is left").isTrue();
            }
        }
    }

    private static void awaitWithinAMinute(CountDownLatch latch) {
        try {
            assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
