package org.ringwood.collectives.aeron;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.agrona.DirectBuffer;

/** Views of Aeron's log buffers. */
final class Terms {
    private Terms() {}

    /** Valid as long as the log is mapped and the position is not given back: within a claim, or within a fragment handler. */
    static MemorySegment segment(DirectBuffer buffer, int offset, int length) {
        ByteBuffer term = Objects.requireNonNull(buffer.byteBuffer(), "Aeron's logs are mapped byte buffers");
        return MemorySegment.ofBuffer(term.duplicate().clear())
                .asSlice((long) buffer.wrapAdjustment() + offset, length);
    }
}
