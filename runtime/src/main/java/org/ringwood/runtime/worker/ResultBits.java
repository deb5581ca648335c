package org.ringwood.runtime.worker;

import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;
import org.ringwood.attention.execution.AttentionTensors;

/** The bits of a result: whether a repeated computation gave them again. */
final class ResultBits {
    private static final long BLOCK_BYTES = 1 << 30;

    private ResultBits() {}

    /** Fills output and lse with NaN, so that no earlier result can pass for the next one. */
    static void blank(AttentionTensors tensors) {
        tensors.out().memory().fill((byte) 0xFF);
        tensors.lse().memory().fill((byte) 0xFF);
    }

    /** A digest of output and lse. */
    static long of(AttentionTensors tensors) {
        return digest(tensors.out().memory()) << Integer.SIZE
                | digest(tensors.lse().memory());
    }

    private static long digest(MemorySegment memory) {
        CRC32C digest = new CRC32C();
        for (long from = 0; from < memory.byteSize(); from += BLOCK_BYTES) {
            digest.update(memory.asSlice(from, Math.min(BLOCK_BYTES, memory.byteSize() - from))
                    .asByteBuffer());
        }
        return digest.getValue();
    }
}
