package org.ringwood.runtime.tensors;

import java.util.Locale;

/** Order of the axes of an array; the last is the elements of a head. */
public enum Layout {
    /** Tokens, heads: an array of three axes, without a batch. */
    THD,
    /** Batch, tokens, heads: as trainers that pack sequences have it. */
    BTHD,
    /** Batch, heads, tokens: as most frameworks hand it to their attention. */
    BHTD;

    /** Number of axes. */
    public int axes() {
        return this == THD ? 3 : 4;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
