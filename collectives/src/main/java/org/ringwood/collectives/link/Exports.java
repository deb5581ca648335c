package org.ringwood.collectives.link;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.MessageDevice;

/**
 * Memory of this rank's device that peers open. What is closed is freed when no peer has it open any more, which they are told with the next message to
 * each; at the latest when all have closed everything.
 */
final class Exports {
    private final MessageDevice device;
    private final TreeMap<Long, Exported> byAddress = new TreeMap<>();
    private final Map<Long, Exported> byNumber = new HashMap<>();
    /** By peer: numbers of memory that it is still to be told of. */
    private final Map<Integer, Queue<Long>> untold = new HashMap<>();

    private long nextNumber;

    Exports(MessageDevice device) {
        this.device = device;
    }

    /** One allocation. */
    private final class Exported implements GroupMemory {
        private final long number = nextNumber++;
        private final MemorySegment segment;
        private final MemorySegment handle;
        private final Set<Integer> openedBy = new HashSet<>();
        private boolean closed;

        Exported(MemorySegment segment) {
            this.segment = segment;
            this.handle = MemorySegment.ofArray(device.export(segment));
        }

        @Override
        public MemorySegment segment() {
            return segment;
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                openedBy.forEach(peer ->
                        untold.computeIfAbsent(peer, _ -> new ArrayDeque<>()).add(number));
                freeIfUnused();
            }
        }

        void closedBy(int peer) {
            openedBy.remove(peer);
            freeIfUnused();
        }

        private void freeIfUnused() {
            if (closed && openedBy.isEmpty()) {
                byAddress.remove(segment.address());
                byNumber.remove(number);
                device.free(segment);
            }
        }
    }

    GroupMemory allocate(long bytes) {
        MemorySegment segment = device.allocate(bytes);
        try {
            Exported exported = new Exported(segment);
            byAddress.put(segment.address(), exported);
            byNumber.put(exported.number, exported);
            return exported;
        } catch (RuntimeException | Error e) {
            device.free(segment);
            throw e;
        }
    }

    /**
     * Where a payload lies, for a peer that opens it then.
     *
     * @throws IllegalArgumentException if it was not allocated here
     */
    Note note(int peer, MemorySegment payload) {
        Map.Entry<Long, Exported> below = byAddress.floorEntry(payload.address());
        if (below == null
                || offset(below, payload) + payload.byteSize()
                        > below.getValue().segment.byteSize()) {
            throw new IllegalArgumentException("a payload of " + payload.byteSize()
                    + " bytes of a device is to be sent that no other process can open; allocate it by the link");
        }
        Exported memory = below.getValue();
        memory.openedBy.add(peer);
        return new Note(
                memory.handle, memory.number, memory.segment.byteSize(), offset(below, payload), toBeTold(peer));
    }

    private static long offset(Map.Entry<Long, Exported> memory, MemorySegment payload) {
        return payload.address() - memory.getKey();
    }

    private List<Long> toBeTold(int peer) {
        Queue<Long> numbers = untold.getOrDefault(peer, new ArrayDeque<>());
        List<Long> told = new ArrayList<>();
        while (told.size() < Note.MOST_CLOSED && !numbers.isEmpty()) {
            told.add(numbers.remove());
        }
        return told;
    }

    /** A peer has closed what a note told it to. */
    void told(int peer, Note note) {
        for (long number : note.closed()) {
            Exported memory = byNumber.get(number);
            if (memory != null) {
                memory.closedBy(peer);
            }
        }
    }

    /** Frees everything; nobody has any of it open. */
    void freeAll() {
        byAddress.values().forEach(memory -> {
            memory.closed = true;
            device.free(memory.segment);
        });
        byAddress.clear();
        byNumber.clear();
    }
}
