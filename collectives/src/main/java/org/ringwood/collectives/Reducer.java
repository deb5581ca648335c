package org.ringwood.collectives;

import java.lang.foreign.MemorySegment;

/** Combines elements of lower with those of higher ranks. Needs to be associative, not commutative unless it says so. */
@FunctionalInterface
public interface Reducer {
    /** Adds numbers of f32, such as gradients; an element is one of {@link Float#BYTES}, or any number of them. */
    static Reducer sumOfFloats() {
        return FloatSum.INSTANCE;
    }

    /**
     * Replaces {@code into} by {@code lower ⊕ higher}, element by element.
     *
     * @param into either {@code lower} or {@code higher}
     */
    void reduce(MemorySegment lower, MemorySegment higher, MemorySegment into);

    /**
     * Whether it gives the same bits with its operands swapped. Then ranks need not be taken in order, and nodes whose ranks are
     * scattered still send one partial result across; {@code lower} is then the elements of some ranks, {@code higher} of
     * others. The same on every rank.
     */
    default boolean commutes() {
        return false;
    }
}
