package org.ringwood.attention.execution;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.MaskRule;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Prediction;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.GroupOptions;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.TransportChoice;
import org.ringwood.collectives.mpi.Outcomes;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.kernels.scalar.GradientAccuracy;
import org.ringwood.kernels.scalar.GradientProblem;

/**
 * A process that mpirun has started. Together they attend each sample by every schedule, and differentiate it, in groups of the first ranks. All of them have
 * the same random tensors, so that each rank judges its own rows.
 */
final class ScheduleRank {
    /** Numbers of ranks, of which the last is that of processes. */
    static final List<Integer> SIZES = List.of(2, 3, 4, 7);

    /** By sample, which has the same tensors in all examples. */
    private static final Map<Sample, GradientProblem> ORACLES = new HashMap<>();

    private ScheduleRank() {}

    /** What is attended: lengths and heads that no number of ranks divides. */
    private record Sample(String name, AttentionShape shape, Mask mask, PartitionRule partition) {}

    /** A sample, a way to attend it, and the number of ranks. */
    record Example(Schedule schedule, Sample sample, int ranks) {
        void run(ProcessGroup group, Device device) {
            Plan plan = schedule.plan(schedule.problem(sample.shape, sample.mask, sample.partition, group.topology()));
            try (Arena arena = Arena.ofShared()) {
                ShardedRun run = new ShardedRun(
                        arena,
                        plan,
                        ShardedRun.Layout.DENSE,
                        Scoring.of(plan.shape().dim()),
                        1);
                assertAsPlanned(run.run(group, device), plan);
                assertThat(run.judge(group.rank())).matches(Accuracy::holds, "within the bounds");
                DType dtype = plan.shape().dtype();
                Plan backward = schedule.backward(plan.problem(), dtype);
                ShardedGradients gradients =
                        new ShardedGradients(arena, run, backward, ShardedRun.Layout.DENSE, dtype, 2);
                assertAsPlanned(gradients.run(group, device), backward);
                GradientProblem oracle = ORACLES.computeIfAbsent(sample, of -> gradients.problem());
                assertThat(gradients.judge(group.rank(), oracle)).matches(GradientAccuracy::holds, "within the bounds");
            }
        }

        private static void assertAsPlanned(Execution execution, Plan plan) {
            Prediction prediction = plan.prediction(execution.rank());
            assertThat(execution.traffic()).isEqualTo(prediction.traffic());
            assertThat(execution.peakTensorBytes()).isEqualTo(prediction.peakTensorBytes());
        }

        @Override
        public String toString() {
            return "%s, %s, %d ranks".formatted(schedule.name(), sample.name, ranks);
        }
    }

    private static List<Sample> samples() {
        MaskRule documents = MaskRule.causal().inDocuments(List.of(0L, 1L, 1L, 52L, 120L, 151L));
        return List.of(
                sample("causal", 131, 5, 3, 20, DType.F32, MaskRule.causal(), PartitionRule.ZIGZAG),
                sample("window", 97, 3, 1, 24, DType.BF16, MaskRule.window(30, 2, 3), PartitionRule.STRIPED),
                sample("documents", 151, 7, 2, 16, DType.F16, documents, PartitionRule.BALANCED),
                sample("fewer tokens than ranks", 3, 3, 2, 4, DType.F32, MaskRule.causal(), PartitionRule.ZIGZAG),
                // Blocks that MPI hands over in pieces.
                sample("large blocks", 101, 2, 2, 252, DType.F32, MaskRule.full(), PartitionRule.CONTIGUOUS),
                new Sample(
                        "one query",
                        new AttentionShape(1, 301, 4, 2, 16, 16, DType.BF16),
                        Mask.causal(1, 301),
                        PartitionRule.CONTIGUOUS));
    }

    private static Sample sample(
            String name,
            long tokens,
            int heads,
            int kvHeads,
            int dim,
            DType dtype,
            MaskRule mask,
            PartitionRule partition) {
        AttentionShape shape = new AttentionShape(tokens, tokens, heads, kvHeads, dim, dim + 4, dtype);
        return new Sample(name, shape, mask.over(tokens, tokens), partition);
    }

    static Stream<Example> examples() {
        List<Sample> samples = samples();
        return SIZES.stream()
                .flatMap(ranks -> Schedules.all().stream()
                        .flatMap(schedule -> samples.stream().map(sample -> new Example(schedule, sample, ranks))));
    }

    /** Argument: a folder that all processes share. */
    public static void main(String[] arguments) throws IOException {
        Outcomes outcomes = new Outcomes(Path.of(arguments[0]));
        GroupOptions options =
                GroupOptions.DEFAULT.withTransport(TransportChoice.MPI).withTimeouts(ShardedRun.TIMEOUTS);
        try (ProcessGroup all = ProcessGroups.fromEnvironment(options);
                Device device = Devices.open(Devices.Kind.SCALAR, 1)) {
            int rank = all.rank();
            for (int size : SIZES) {
                ProcessGroup group = all.split(rank / size, rank);
                for (Example example :
                        examples().filter(each -> each.ranks == size).toList()) {
                    if (rank < size) {
                        outcomes.note(example.toString(), rank, () -> example.run(group, device));
                    }
                }
            }
        }
    }
}
