package org.ringwood.collectives;

import java.lang.foreign.MemorySegment;

/** Combines elements of lower with those of higher ranks. Needs to be associative, not commutative. */
@FunctionalInterface
public interface Reducer {
    /**
     * Replaces {@code into} by {@code lower ⊕ higher}, element by element.
     *
     * @param into either {@code lower} or {@code higher}
     */
    void reduce(MemorySegment lower, MemorySegment higher, MemorySegment into);
}
