package org.ringwood.runtime.net;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;
import org.ringwood.collectives.ProcessGroup;

/** Numbers that all ranks agree on: each tells its own. */
final class Figures {
    private Figures() {}

    static long largest(ProcessGroup group, long mine) {
        return all(group, mine).stream().mapToLong(Long::longValue).max().orElseThrow();
    }

    static long sum(ProcessGroup group, long mine) {
        return all(group, mine).stream().mapToLong(Long::longValue).sum();
    }

    private static List<Long> all(ProcessGroup group, long mine) {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment own = arena.allocate(JAVA_LONG);
            own.set(JAVA_LONG, 0, mine);
            List<MemorySegment> all = IntStream.range(0, group.size())
                    .mapToObj(_ -> arena.allocate(JAVA_LONG))
                    .toList();
            group.allGather(own, all);
            return all.stream().map(each -> each.get(JAVA_LONG, 0)).toList();
        }
    }
}
