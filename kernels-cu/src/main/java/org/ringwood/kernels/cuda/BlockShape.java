package org.ringwood.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/**
 * Shape of a kernel's blocks, out of the table of its module (shapes.cuh).
 *
 * @param dim largest head dims of queries, keys and values
 * @param queries query rows times heads of a block
 * @param keys keys that it reads at a time: a tile
 * @param threads threads
 * @param sharedBytes dynamic shared memory
 */
record BlockShape(int dim, int queries, int keys, int threads, int sharedBytes) {
    static final int BYTES = 5 * Integer.BYTES;

    static BlockShape read(MemorySegment memory, long offset) {
        int[] fields = memory.asSlice(offset, BYTES).toArray(JAVA_INT.withByteAlignment(1));
        return new BlockShape(fields[0], fields[1], fields[2], fields[3], fields[4]);
    }
}
