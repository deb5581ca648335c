package org.ringwood.attention.execution;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.MaskRule;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.execution.ShardedRun.Layout;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.Liveness;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.Reducer;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.Cancellation;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Tensor;

/** Gradients on devices with memory of their own have the bits that they have elsewhere, and kernels are given no memory of the host. */
class DistantGradientsTest {
    private static final long TOKENS = 45;
    private static final Scoring SCORING = Scoring.of(8).withDropout(0.2, 6);

    static Stream<Schedule> schedules() {
        return Schedules.all().stream();
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void bitsAreThoseOfTheHost(Schedule schedule) {
        Mask window = MaskRule.window(6, 2, 3).over(TOKENS, TOKENS);
        for (Mask mask : List.of(Mask.full(TOKENS, TOKENS), Mask.causal(TOKENS, TOKENS), window)) {
            for (int ranks : new int[] {1, 2, 3, 5}) {
                // With as many key heads queries move, with fewer keys.
                assertSameBits(schedule, mask, ranks, ranks == 2 ? 5 : 3, DType.F32);
                assertSameBits(schedule, mask, ranks, 3, DType.BF16);
            }
        }
    }

    private static void assertSameBits(Schedule schedule, Mask mask, int ranks, int kvHeads, DType dtype) {
        AttentionShape shape = new AttentionShape(TOKENS, TOKENS, 5, kvHeads, 8, 12, dtype);
        Topology topology = ranks < 5
                ? Topology.singleNode(ranks)
                : new Topology(IntStream.range(0, ranks)
                        .mapToObj(rank -> "node" + rank / 2)
                        .toList());
        Plan plan = schedule.plan(schedule.problem(shape, mask, PartitionRule.ZIGZAG, topology));
        Plan backward = schedule.backward(plan.problem(), dtype);
        try (Arena arena = Arena.ofShared()) {
            ShardedRun attention = new ShardedRun(arena, plan, Layout.DENSE, SCORING, 1);
            attention.run(Devices.Kind.CPU);
            ShardedGradients host = new ShardedGradients(arena, attention, backward, Layout.DENSE, dtype, 2);
            List<Execution> executions = host.run(Devices.Kind.CPU);
            for (Layout layout : Layout.values()) {
                for (Messages messages : Messages.values()) {
                    ShardedGradients distant = new ShardedGradients(arena, attention, backward, layout, dtype, 2);
                    RankThreads.run(groups(topology, messages), group -> {
                        Execution execution = run(distant, backward, attention, layout, group, messages);
                        assertThat(execution.traffic())
                                .isEqualTo(executions.get(group.rank()).traffic());
                    });
                    String what = backward + ", " + layout + ", messages from " + messages;
                    for (int rank = 0; rank < ranks; rank++) {
                        assertSame(
                                distant.shard(rank).queries(), host.shard(rank).queries(), what);
                        assertSame(distant.shard(rank).keys(), host.shard(rank).keys(), what);
                        assertSame(
                                distant.shard(rank).values(), host.shard(rank).values(), what);
                    }
                }
            }
        }
    }

    /** How what ranks send gets to where it is used. */
    private enum Messages {
        BY_THE_HOST,
        BY_A_TRANSPORT_OF_DEVICES,
        BY_LINKED_DEVICES
    }

    private static List<ProcessGroup> groups(Topology topology, Messages messages) {
        if (messages != Messages.BY_A_TRANSPORT_OF_DEVICES) {
            return ProcessGroups.inProcess(topology, ShardedRun.TIMEOUTS);
        }
        Liveness liveness = Liveness.local();
        return DirectTransport.groups(topology, liveness, DirectTransport.connect(topology.size(), liveness));
    }

    /** Ranks with dense tensors have some of them on the device. */
    private static Execution run(
            ShardedGradients gradients,
            Plan backward,
            ShardedRun attention,
            Layout layout,
            ProcessGroup group,
            Messages messages) {
        try (DistantDevice device = new DistantDevice()) {
            device.shares = messages == Messages.BY_LINKED_DEVICES;
            if (layout != Layout.DENSE) {
                return judged(gradients.run(group, device), group, device);
            }
            AttentionTensors given = attention.shard(group.rank());
            GradientTensors mine = gradients.shard(group.rank());
            Tensor keys = onDevice(device, given.keys());
            Tensor outGradients = onDevice(device, mine.out());
            Tensor keyGradients = onDevice(device, mine.keys());
            AttentionTensors tensors =
                    new AttentionTensors(given.queries(), keys, given.values(), given.out(), given.lse());
            try (PlanExecutor executor = new PlanExecutor(group, device)) {
                DistantDevice.link(device, executor);
                Execution execution = executor.differentiate(
                        backward,
                        tensors,
                        new GradientTensors(outGradients, mine.queries(), keyGradients, mine.values()),
                        SCORING,
                        StepListener.NONE);
                device.download(keyGradients, mine.keys(), Cancellation.NEVER).get();
                return judged(execution, group, device);
            } catch (InterruptedException | ExecutionException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** Sums are all-reduced where messages are. Linked devices, those of one node, get from each other all that is received. */
    private static Execution judged(Execution execution, ProcessGroup group, DistantDevice device) {
        boolean linked = device.shares && group.topology().sameNode(0, group.size() - 1) && group.size() > 1;
        if (linked || group.takesDeviceMemory() || !execution.schedule().equals("tree")) {
            assertThat(device.stagedBytes)
                    .as("bytes that kernels were given in memory of the host")
                    .hasValue(0);
        }
        if (linked) {
            float[] copied = {device.bytesOfOthers.get(), execution.traffic().bytes()};
            group.allReduce(MemorySegment.ofArray(copied), Float.BYTES, Reducer.sumOfFloats());
            assertThat(copied[0])
                    .as("bytes that devices copied, of all that was sent")
                    .isEqualTo(copied[1]);
        }
        assertThat(execution.peakDeviceBytes()).isPositive();
        return execution;
    }

    private static Tensor onDevice(DistantDevice device, Tensor tensor) {
        Tensor there = Tensor.dense(
                device.allocate(tensor.denseBytes()), tensor.dtype(), tensor.tokens(), tensor.heads(), tensor.dim());
        try {
            device.upload(tensor, there, Cancellation.NEVER).get();
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
        return there;
    }

    private static void assertSame(Tensor actual, Tensor expected, String what) {
        float[] ours = new float[expected.dim()];
        float[] theirs = new float[expected.dim()];
        for (long row = 0; row < expected.tokens(); row++) {
            for (int head = 0; head < expected.heads(); head++) {
                actual.read(row, head, ours, 0);
                expected.read(row, head, theirs, 0);
                assertThat(ours).as(what).isEqualTo(theirs);
            }
        }
    }
}
