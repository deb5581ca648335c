package org.ringwood.attention.plan;

import java.util.Locale;
import org.ringwood.attention.AttentionShape;
import org.ringwood.kernels.DType;

/** What a tensor of a plan holds. */
public enum Operand {
    /** Queries, {@code [rows, heads, dim]}. */
    QUERIES(0, Rows.QUERIES, Width.DIM, false),
    /** Keys, {@code [rows, kvHeads, dim]}. */
    KEYS(1, Rows.KEYS, Width.DIM, false),
    /** Values, {@code [rows, kvHeads, dimV]}. */
    VALUES(2, Rows.KEYS, Width.DIM_V, false),
    /** Partial softmax states, {@code rows × heads} records over dimV, always f32. */
    STATE(3, Rows.QUERIES, Width.DIM_V, true),
    /** Finished output, {@code [rows, heads, dimV]}. */
    OUT(4, Rows.QUERIES, Width.DIM_V, false),
    /** Logarithms of the sums of exponentials, {@code [rows, heads, 1]}, always f32. */
    LSE(5, Rows.QUERIES, Width.ONE, true),
    /** Gradients of the output, {@code [rows, heads, dimV]}. */
    OUT_GRADIENTS(6, Rows.QUERIES, Width.DIM_V, false),
    /** Sums of the output times its gradients, {@code [rows, heads, 1]}, always f32. */
    DELTA(7, Rows.QUERIES, Width.ONE, true),
    /** Gradients of the queries, {@code [rows, heads, dim]}; sums of them are f32. */
    QUERY_GRADIENTS(8, Rows.QUERIES, Width.DIM, true),
    /** Gradients of the keys, {@code [rows, kvHeads, dim]}; sums of them are f32. */
    KEY_GRADIENTS(9, Rows.KEYS, Width.DIM, true),
    /** Gradients of the values, {@code [rows, kvHeads, dimV]}; sums of them are f32. */
    VALUE_GRADIENTS(10, Rows.KEYS, Width.DIM_V, true);

    private enum Rows {
        QUERIES,
        KEYS
    }

    private enum Width {
        DIM,
        DIM_V,
        ONE
    }

    private final int number;
    private final Rows rows;
    private final Width width;
    private final boolean single;

    Operand(int number, Rows rows, Width width, boolean single) {
        this.number = number;
        this.rows = rows;
        this.width = width;
        this.single = single;
    }

    /** Whether its rows and heads are those of the keys, and not those of the queries. */
    public boolean isOfKeys() {
        return rows == Rows.KEYS;
    }

    /** Elements of a head; of a state those of {@code out}. */
    public int dim(AttentionShape shape) {
        return switch (width) {
            case DIM -> shape.dim();
            case DIM_V -> shape.dimV();
            case ONE -> 1;
        };
    }

    /** Heads of the whole. */
    public int heads(AttentionShape shape) {
        return isOfKeys() ? shape.kvHeads() : shape.heads();
    }

    /** Element type within a plan. */
    public DType dtype(AttentionShape shape) {
        return single ? DType.F32 : shape.dtype();
    }

    /** Tag of the message that carries the {@code range}-th row range of this operand in a hop to one peer. */
    public int tag(int range) {
        return range * values().length + number;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
