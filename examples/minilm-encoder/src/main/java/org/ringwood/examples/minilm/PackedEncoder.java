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
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.execution.SequenceParallelAttention;
import org.ringwood.attention.plan.Plan;
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

    /** Sees what a layer gives to attention on this rank. */
    @FunctionalInterface
    interface Observer {
        /** Called before the layer attends; {@code [rows, HEADS * HEAD_DIM]} each. */
        void attends(int layer, Matrix queries, Matrix keys, Matrix values);
    }

    /**
     * The embedding of every document, the same on every rank.
     *
     * @param schedule by which all layers attend; one that partitions the queries
     */
    List<float[]> encode(ProcessGroup group, Device device, Schedule schedule) {
        return encode(group, device, schedule, (layer, queries, keys, values) -> {});
    }

    /** As above, with an observer. */
    List<float[]> encode(ProcessGroup group, Device device, Schedule schedule, Observer observer) {
        long tokens = documents.tokens();
        AttentionShape shape = new AttentionShape(
                tokens, tokens, Weights.HEADS, Weights.HEADS, Weights.HEAD_DIM, Weights.HEAD_DIM, DType.F32);
        Mask mask = MaskRule.full().inDocuments(documents.bounds()).over(tokens, tokens);
        Partition partition = Partition.contiguous(tokens, group.size());
        long rows = partition.rows(group.rank());
        ShardEncoder encoder = new ShardEncoder(
                weights,
                documents,
                partition.positions(group.rank()),
                partition.positionsInDocument(group.rank(), documents.bounds()));
        try (Arena arena = Arena.ofShared();
                var attention = new SequenceParallelAttention(group, device, schedule, PartitionRule.CONTIGUOUS)) {
            Plan plan = attention.plan(mask, shape);
            Tensor lse =
                    Matrix.allocate(arena, Math.toIntExact(rows), Weights.HEADS).heads(Weights.HEADS);
            MemorySegment sums = arena.allocate(JAVA_DOUBLE, (long) documents.count() * Weights.HIDDEN);
            encoder.sumHidden(
                    (layer, queries, keys, values, out) -> {
                        observer.attends(layer, queries, keys, values);
                        attention.forward(plan, heads(queries), heads(keys), heads(values), heads(out), lse);
                    },
                    sums);
            group.allReduce(sums, Double.BYTES, SUM);
            return embeddings(sums);
        }
    }

    private static Tensor heads(Matrix matrix) {
        return matrix.heads(Weights.HEADS);
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
