package org.ringwood.attention.plan;

import java.util.Locale;

/** What a tensor of a plan holds. */
public enum Operand {
    /** Queries, {@code [rows, heads, dim]}. */
    QUERIES(0),
    /** Keys, {@code [rows, kvHeads, dim]}. */
    KEYS(1),
    /** Values, {@code [rows, kvHeads, dimV]}. */
    VALUES(2),
    /** Partial softmax states, {@code rows × heads} records over dimV, always f32. */
    STATE(3),
    /** Finished output, {@code [rows, heads, dimV]}. */
    OUT(4),
    /** Logarithms of the sums of exponentials, {@code [rows, heads, 1]}, always f32. */
    LSE(5);

    private final int number;

    Operand(int number) {
        this.number = number;
    }

    /** Tag of the message that carries the {@code range}-th row range of this operand in a hop to one peer. */
    public int tag(int range) {
        return range * values().length + number;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
