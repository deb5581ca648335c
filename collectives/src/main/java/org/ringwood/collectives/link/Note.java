package org.ringwood.collectives.link;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.ringwood.collectives.MessageDevice;

/**
 * Where a payload lies.
 *
 * @param handle of the memory that it lies in
 * @param memory number of that memory among its owner's
 * @param memoryBytes length of that memory
 * @param offset of the payload in it
 * @param closed numbers of memory that its owner uses no more, {@link #MOST_CLOSED} at most
 */
record Note(MemorySegment handle, long memory, long memoryBytes, long offset, List<Long> closed) {
    static final int MOST_CLOSED = 4;

    private static final long NUMBERS = MessageDevice.HANDLE_BYTES;
    private static final long CLOSED = NUMBERS + 3 * Long.BYTES;
    private static final long NONE = -1;

    static final long BYTES = CLOSED + MOST_CLOSED * Long.BYTES;

    void write(MemorySegment into) {
        MemorySegment.copy(handle, 0, into, 0, MessageDevice.HANDLE_BYTES);
        into.set(JAVA_LONG_UNALIGNED, NUMBERS, memory);
        into.set(JAVA_LONG_UNALIGNED, NUMBERS + Long.BYTES, memoryBytes);
        into.set(JAVA_LONG_UNALIGNED, NUMBERS + 2 * Long.BYTES, offset);
        for (int i = 0; i < MOST_CLOSED; i++) {
            into.set(JAVA_LONG_UNALIGNED, CLOSED + i * (long) Long.BYTES, i < closed.size() ? closed.get(i) : NONE);
        }
    }

    static Note read(MemorySegment from) {
        List<Long> closed = new ArrayList<>();
        for (int i = 0; i < MOST_CLOSED; i++) {
            long number = from.get(JAVA_LONG_UNALIGNED, CLOSED + i * (long) Long.BYTES);
            if (number != NONE) {
                closed.add(number);
            }
        }
        return new Note(
                MemorySegment.ofArray(
                        from.asSlice(0, MessageDevice.HANDLE_BYTES).toArray(JAVA_BYTE)),
                from.get(JAVA_LONG_UNALIGNED, NUMBERS),
                from.get(JAVA_LONG_UNALIGNED, NUMBERS + Long.BYTES),
                from.get(JAVA_LONG_UNALIGNED, NUMBERS + 2 * Long.BYTES),
                closed);
    }
}
