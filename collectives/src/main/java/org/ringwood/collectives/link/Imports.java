package org.ringwood.collectives.link;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.ringwood.collectives.MessageDevice;

/** Memory of peers' devices that is open here. It stays so, as opening takes longer than copying a block. */
final class Imports {
    private final MessageDevice device;
    private final Map<Id, MemorySegment> opened = new HashMap<>();

    private record Id(int owner, long number) {}

    Imports(MessageDevice device) {
        this.device = device;
    }

    /** The payload that a peer's note speaks of, once what it tells to close is closed. */
    MemorySegment payload(int owner, Note note, long bytes) {
        for (long closed : note.closed()) {
            MemorySegment memory = opened.remove(new Id(owner, closed));
            if (memory != null) {
                device.close(memory);
            }
        }
        return opened.computeIfAbsent(
                        new Id(owner, note.memory()),
                        _ -> device.open(note.handle().toArray(JAVA_BYTE), note.memoryBytes()))
                .asSlice(note.offset(), bytes);
    }

    void closeAll() {
        opened.values().forEach(device::close);
        opened.clear();
    }
}
