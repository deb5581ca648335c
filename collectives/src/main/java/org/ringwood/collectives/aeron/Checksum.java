package org.ringwood.collectives.aeron;

import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/** The CRC32C of frames. Aeron itself relies on UDP's 16 bits. */
final class Checksum {
    private final CRC32C crc = new CRC32C();

    /** Completes a frame that is written except for its checksum. */
    void seal(MemorySegment frame) {
        Frame.setChecksum(frame, of(frame));
    }

    boolean isIntact(MemorySegment frame) {
        return frame.byteSize() >= Frame.HEADER_BYTES && of(frame) == Frame.checksum(frame);
    }

    private int of(MemorySegment frame) {
        crc.reset();
        crc.update(frame.asSlice(Frame.CHECKED_FROM).asByteBuffer());
        return (int) crc.getValue();
    }
}
