package org.ringwood.examples.minilm;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.MaskRule;
import org.ringwood.attention.Partition;
import org.ringwood.attention.execution.AttentionTensors;
import org.ringwood.attention.execution.PlanExecutor;
import org.ringwood.attention.execution.Scoring;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.Reducer;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Tensor;

/** What every rank runs: encodes its rows of all documents, with the other ranks in attention and in the final sums. */
final class PackedEncoder {
    private static final Reducer SUM = (lower, higher, into) -> {
        for (long i = 0; i < into.byteSize() / Double.BYTES; i++) {
            into.setAtIndex(JAVA_DOUBLE, i, lower.getAtIndex(JAVA_DOUBLE, i) + higher.getAtIndex(JAVA_DOUBLE, i));
        }
    };

    private final Weights weights;
    private final Documents documents;

    PackedEncoder(Weights weights, Documents documents) {
        this.weights = weights;
        this.documents = documents;
    }

    /**
     * The embedding of every document, the same on every rank.
     *
     * @param schedule by which all layers attend; one that partitions the queries
     */
    List<float[]> encode(ProcessGroup group, Device device, Schedule schedule) {
        long tokens = documents.tokens();
        Mask mask = MaskRule.full().inDocuments(documents.bounds()).over(tokens, tokens);
        AttentionShape shape = new AttentionShape(
                tokens, tokens, Weights.HEADS, Weights.HEADS, Weights.HEAD_DIM, Weights.HEAD_DIM, DType.F32);
        Partition partition = Partition.contiguous(tokens, group.size());
        // One plan for the mask, for all layers.
        Plan plan = schedule.plan(new Problem(shape, mask, partition, partition, group.topology()));
        ShardEncoder encoder = new ShardEncoder(
                weights,
                documents,
                partition.positions(group.rank()),
                partition.positionsInDocument(group.rank(), documents.bounds()));
        long rows = partition.rows(group.rank());
        try (Arena arena = Arena.ofShared();
                PlanExecutor executor = new PlanExecutor(group, device)) {
            Tensor lse = Tensor.dense(
                    arena.allocate(Tensor.denseBytes(DType.F32, rows, Weights.HEADS, 1)),
                    DType.F32,
                    rows,
                    Weights.HEADS,
                    1);
            MemorySegment sums = arena.allocate(JAVA_DOUBLE, (long) documents.count() * Weights.HIDDEN);
            encoder.sumHidden(
                    (layer, q, k, v, out) -> executor.execute(
                            plan,
                            new AttentionTensors(
                                    q.heads(Weights.HEADS),
                                    k.heads(Weights.HEADS),
                                    v.heads(Weights.HEADS),
                                    out.heads(Weights.HEADS),
                                    lse),
                            Scoring.of(Weights.HEAD_DIM)),
                    sums);
            group.allReduce(sums, Double.BYTES, SUM);
            return embeddings(sums);
        }
    }

    private List<float[]> embeddings(MemorySegment sums) {
        long bytes = (long) Weights.HIDDEN * Double.BYTES;
        List<float[]> embeddings = new ArrayList<>(documents.count());
        for (int document = 0; document < documents.count(); document++) {
            embeddings.add(
                    Embeddings.normalised(sums.asSlice(document * bytes, bytes).toArray(JAVA_DOUBLE)));
        }
        return embeddings;
    }
}
