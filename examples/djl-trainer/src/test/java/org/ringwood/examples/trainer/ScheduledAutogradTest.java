package org.ringwood.examples.trainer;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.execution.SavedAttention;
import org.ringwood.attention.execution.Scoring;
import org.ringwood.attention.execution.SequenceParallelAttention;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.examples.trainer.RandomAttention.Kind;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;

/** Attention and gradients that several ranks compute together, by every schedule that deals queries, beside PyTorch's autograd in f64. */
class ScheduledAutogradTest {
    private static final int CASES = 12;
    private static final int MOST_RANKS = 5;

    @AutoClose
    private final TorchAutograd torch = new TorchAutograd();

    @ParameterizedTest
    @ValueSource(strings = {"ring", "double-ring", "ulysses", "gather", "hybrid"})
    void equalsPyTorch(String schedule) throws Exception {
        for (long i = 0; i < CASES; i++) {
            long seed = schedule.hashCode() + i;
            Random random = new Random(seed);
            Kind kind = List.of(Kind.values()).get(random.nextInt(Kind.values().length));
            try (Arena arena = Arena.ofShared()) {
                RandomAttention attention = RandomAttention.of(kind, random, arena);
                PartitionRule partition =
                        List.of(PartitionRule.values()).get(random.nextInt(PartitionRule.values().length));
                int ranks = 1 + random.nextInt(MOST_RANKS);
                DType gradients =
                        random.nextBoolean() ? DType.F32 : attention.queries().dtype();
                AttentionResults results = results(attention, gradients, arena);
                RankThreads.run(
                        ProcessGroups.inProcess(ranks),
                        group -> attend(group, schedule, partition, attention, results));
                results.assertEqual(
                        attention,
                        torch,
                        "seed " + seed + ", " + ranks + " ranks by " + schedule + ", " + partition + ": " + attention);
            }
        }
    }

    private static AttentionResults results(RandomAttention of, DType gradients, Arena arena) {
        Tensor q = of.queries();
        return new AttentionResults(
                Tensor.allocate(
                        arena, q.dtype(), q.tokens(), q.heads(), of.values().dim()),
                Tensor.allocate(arena, DType.F32, q.tokens(), q.heads(), 1),
                like(q, gradients, q.tokens(), arena),
                like(of.keys(), gradients, of.keys().tokens(), arena),
                like(of.values(), gradients, of.values().tokens(), arena));
    }

    private static Tensor like(Tensor whole, DType dtype, long rows, Arena arena) {
        return Tensor.allocate(arena, dtype, rows, whole.heads(), whole.dim());
    }

    /** One rank's part, from its rows to its rows. */
    private static void attend(
            ProcessGroup group, String schedule, PartitionRule partition, RandomAttention of, AttentionResults whole) {
        Tensor q = of.queries();
        Tensor k = of.keys();
        Tensor v = of.values();
        AttentionShape shape =
                new AttentionShape(q.tokens(), k.tokens(), q.heads(), k.heads(), q.dim(), v.dim(), q.dtype());
        try (Device device = Devices.open(Devices.Kind.CPU, 1);
                var attention = new SequenceParallelAttention(group, device, Schedules.named(schedule), partition);
                Arena arena = Arena.ofShared()) {
            Plan plan = attention.plan(Mask.of(q.tokens(), k.tokens(), of.slices()), shape);
            Positions queries = plan.queryPositions(group.rank());
            Positions keys = plan.keyPositions(group.rank());
            Tensor out = like(whole.out(), q.dtype(), queries.rows(), arena);
            SavedAttention saved = attention.forward(
                    plan,
                    shard(q, queries, arena),
                    shard(k, keys, arena),
                    shard(v, keys, arena),
                    out,
                    new Scoring(of.scale(), of.softcap(), List.of(), of.dropout()));
            unshard(out, queries, whole.out());
            unshard(saved.lse(), queries, whole.lse());
            DType gradients = whole.dQueries().dtype();
            Tensor dQueries = like(q, gradients, queries.rows(), arena);
            Tensor dKeys = like(k, gradients, keys.rows(), arena);
            Tensor dValues = like(v, gradients, keys.rows(), arena);
            attention.backward(saved, shard(of.outGradients(), queries, arena), dQueries, dKeys, dValues);
            unshard(dQueries, queries, whole.dQueries());
            unshard(dKeys, keys, whole.dKeys());
            unshard(dValues, keys, whole.dValues());
        }
    }

    private static Tensor shard(Tensor whole, Positions rows, Arena arena) {
        Tensor shard = like(whole, whole.dtype(), rows.rows(), arena);
        float[] elements = new float[whole.dim()];
        for (long row = 0; row < rows.rows(); row++) {
            for (int head = 0; head < whole.heads(); head++) {
                whole.read(rows.position(row), head, elements, 0);
                shard.write(row, head, elements, 0);
            }
        }
        return shard;
    }

    private static void unshard(Tensor shard, Positions rows, Tensor whole) {
        float[] elements = new float[whole.dim()];
        for (long row = 0; row < rows.rows(); row++) {
            for (int head = 0; head < whole.heads(); head++) {
                shard.read(row, head, elements, 0);
                whole.write(rows.position(row), head, elements, 0);
            }
        }
    }
}
