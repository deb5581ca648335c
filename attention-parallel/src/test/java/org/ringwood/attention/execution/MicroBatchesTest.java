package org.ringwood.attention.execution;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.GroupOptions;
import org.ringwood.collectives.Parallel;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.TransportChoice;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.scalar.GradientAccuracy;

/** Two micro-batches at once: a rank has a group and a duplicate of it, a thread for each, and one device for both. */
class MicroBatchesTest {
    private static final int RANKS = 2;
    private static final int ROUNDS = 20;
    private static final long TOKENS = 50;
    private static final AttentionShape SHAPE = new AttentionShape(TOKENS, TOKENS, 4, 2, 8, 12, DType.F32);
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final GroupOptions OPTIONS =
            GroupOptions.DEFAULT.withTransport(TransportChoice.SHM).withTimeouts(ShardedRun.TIMEOUTS);

    @AutoClose
    private final Arena arena = Arena.ofShared();

    /** One a rank. */
    private final List<Device> devices = List.of(Devices.open(Devices.Kind.CPU, 1), Devices.open(Devices.Kind.CPU, 1));

    /** A micro-batch, attended again and again by a group of its own. */
    private final class Lane {
        private final List<ProcessGroup> groups;
        private final Schedule schedule;
        private final ShardedRun forward;
        private final ShardedGradients backward;
        private final Plan plan;

        Lane(List<ProcessGroup> groups, String schedule, long seed) {
            this.groups = groups;
            this.schedule = Schedules.named(schedule);
            this.plan = this.schedule.plan(this.schedule.problem(
                    SHAPE,
                    Mask.causal(TOKENS, TOKENS),
                    PartitionRule.ZIGZAG,
                    groups.getFirst().topology()));
            this.forward = new ShardedRun(arena, plan, ShardedRun.Layout.DENSE, Scoring.of(8), seed);
            this.backward = new ShardedGradients(
                    arena,
                    forward,
                    this.schedule.backward(plan.problem(), DType.F32),
                    ShardedRun.Layout.DENSE,
                    DType.F32,
                    seed + 1);
        }

        void run() {
            RankThreads.run(groups, group -> {
                Device device = devices.get(group.rank());
                try (var attention = new SequenceParallelAttention(group, device, schedule, PartitionRule.ZIGZAG)) {
                    AttentionTensors mine = forward.shard(group.rank());
                    GradientTensors gradients = backward.shard(group.rank());
                    for (int round = 0; round < ROUNDS; round++) {
                        SavedAttention saved =
                                attention.forward(plan, mine.queries(), mine.keys(), mine.values(), mine.out());
                        attention.backward(
                                saved, gradients.out(), gradients.queries(), gradients.keys(), gradients.values());
                    }
                }
            });
        }
    }

    private static List<InetSocketAddress> endpoints() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, LOOPBACK)) {
            return Collections.nCopies(RANKS, new InetSocketAddress(LOOPBACK, socket.getLocalPort()));
        }
    }

    @AfterEach
    void close() {
        devices.forEach(Device::close);
    }

    @Test
    void groupsOfTheSameRanksAttendAtOnce() throws Exception {
        List<InetSocketAddress> endpoints = endpoints();
        List<ProcessGroup> groups =
                Parallel.forEachRank(RANKS, rank -> ProcessGroups.connect(rank, endpoints, "token", OPTIONS));
        List<ProcessGroup> duplicates =
                Parallel.forEachRank(RANKS, rank -> groups.get(rank).duplicate());
        List<Lane> lanes = List.of(new Lane(groups, "ring", 3), new Lane(duplicates, "ulysses", 5));
        Parallel.forEachRank(lanes.size(), lane -> {
            lanes.get(lane).run();
            return lane;
        });
        for (Lane lane : lanes) {
            assertThat(lane.backward.judge()).as("%s", lane.plan).allMatch(GradientAccuracy::holds);
        }
    }
}
