package org.ringwood.runtime.worker;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.ringwood.collectives.ProcessGroup;

/** Brings a text of every rank to every rank. */
final class Gathering {
    private Gathering() {}

    /** The texts of all ranks, in rank order. Every rank calls it. */
    static List<String> texts(ProcessGroup group, String mine) {
        byte[] bytes = mine.getBytes(StandardCharsets.UTF_8);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment length = arena.allocate(JAVA_LONG);
            length.set(JAVA_LONG, 0, bytes.length);
            List<MemorySegment> lengths = segments(group, arena, _ -> JAVA_LONG.byteSize());
            group.allGather(length, lengths);
            List<MemorySegment> texts =
                    segments(group, arena, rank -> lengths.get(rank).get(JAVA_LONG, 0));
            MemorySegment text = arena.allocate(bytes.length);
            MemorySegment.copy(bytes, 0, text, JAVA_BYTE, 0, bytes.length);
            group.allGather(text, texts);
            return texts.stream()
                    .map(segment -> new String(segment.toArray(JAVA_BYTE), StandardCharsets.UTF_8))
                    .toList();
        }
    }

    private static List<MemorySegment> segments(
            ProcessGroup group, Arena arena, java.util.function.IntToLongFunction bytes) {
        return IntStream.range(0, group.size())
                .mapToObj(rank -> arena.allocate(bytes.applyAsLong(rank), JAVA_LONG.byteAlignment()))
                .toList();
    }
}
