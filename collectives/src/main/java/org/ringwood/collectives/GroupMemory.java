package org.ringwood.collectives;

import java.lang.foreign.MemorySegment;

/** Memory of a group that lives until it is closed. */
public interface GroupMemory extends AutoCloseable {
    /** The memory. */
    MemorySegment segment();

    /** Frees it, once no peer reads it any more. */
    @Override
    void close();
}
