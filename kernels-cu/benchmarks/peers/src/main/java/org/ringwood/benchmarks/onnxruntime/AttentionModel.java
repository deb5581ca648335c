package org.ringwood.benchmarks.onnxruntime;

import org.ringwood.benchmarks.workload.Masking;
import org.ringwood.benchmarks.workload.Workload;

/**
 * An ONNX model of one node, com.microsoft's MultiHeadAttention, in the few fields of onnx.proto that it takes. Queries are {@code [items,
 * rows, heads * dim]}. Keys and values of a decode are {@code [items, heads, keys, dim]}, which this operator reads without transposing
 * them, if both have the same dim; otherwise they are like the queries, as its flash attention, which is faster, takes them only so.
 */
final class AttentionModel {
    static final String QUERIES = "query";
    static final String KEYS = "key";
    static final String VALUES = "value";
    static final String OUTPUT = "output";

    private static final String CONTRIBUTED = "com.microsoft";
    private static final long IR_VERSION = 8;
    private static final long OPSET = 17;
    private static final long CONTRIBUTED_OPSET = 1;
    private static final long FLOAT = 1;
    private static final long ATTRIBUTE_INT = 2;

    private final Workload workload;

    AttentionModel(Workload workload) {
        this.workload = workload;
    }

    /** Whether keys and values are {@code [items, heads, keys, dim]}. */
    boolean hasHeadsFirst() {
        return workload.isDecode() && workload.dim() == workload.dimV();
    }

    long[] queryShape() {
        return new long[] {workload.items(), workload.rows(), (long) workload.heads() * workload.dim()};
    }

    long[] keyShape(int dim) {
        return hasHeadsFirst()
                ? new long[] {workload.items(), workload.heads(), workload.keys(), dim}
                : new long[] {workload.items(), workload.keys(), (long) workload.heads() * dim};
    }

    long[] outputShape() {
        return new long[] {workload.items(), workload.rows(), (long) workload.heads() * workload.dimV()};
    }

    /** A ModelProto. */
    byte[] toBytes() {
        return new ProtocolBuffer()
                .with(1, IR_VERSION)
                .with(7, graph())
                .with(8, new ProtocolBuffer().with(1, "").with(2, OPSET))
                .with(8, new ProtocolBuffer().with(1, CONTRIBUTED).with(2, CONTRIBUTED_OPSET))
                .toBytes();
    }

    private ProtocolBuffer graph() {
        return new ProtocolBuffer()
                .with(1, node())
                .with(2, "attention")
                .with(11, tensor(QUERIES, queryShape()))
                .with(11, tensor(KEYS, keyShape(workload.dim())))
                .with(11, tensor(VALUES, keyShape(workload.dimV())))
                .with(12, tensor(OUTPUT, outputShape()));
    }

    private ProtocolBuffer node() {
        return new ProtocolBuffer()
                .with(1, QUERIES)
                .with(1, KEYS)
                .with(1, VALUES)
                .with(2, OUTPUT)
                .with(4, "MultiHeadAttention")
                .with(5, attribute("num_heads", workload.heads()))
                .with(5, attribute("unidirectional", workload.masking() instanceof Masking.Causal ? 1 : 0))
                .with(7, CONTRIBUTED);
    }

    private static ProtocolBuffer attribute(String name, long value) {
        return new ProtocolBuffer().with(1, name).with(3, value).with(20, ATTRIBUTE_INT);
    }

    /** A ValueInfoProto. */
    private static ProtocolBuffer tensor(String name, long[] shape) {
        ProtocolBuffer dimensions = new ProtocolBuffer();
        for (long size : shape) {
            dimensions.with(1, new ProtocolBuffer().with(1, size));
        }
        ProtocolBuffer tensorType = new ProtocolBuffer().with(1, FLOAT).with(2, dimensions);
        return new ProtocolBuffer().with(1, name).with(2, new ProtocolBuffer().with(1, tensorType));
    }
}
