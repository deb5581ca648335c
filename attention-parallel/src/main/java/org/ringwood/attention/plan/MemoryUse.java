package org.ringwood.attention.plan;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Which steps use a piece of memory, that buffers share one after the other, and which of them must come after which. */
final class MemoryUse {
    private final List<Use> uses = new ArrayList<>();

    private record Use(int step, Part part, boolean writes) {
        boolean conflicts(Use other) {
            return (writes || other.writes)
                    && (part.buffer().id() != other.part.buffer().id() || overlaps(other.part));
        }

        private boolean overlaps(Part other) {
            return part.fromRow() < other.toRow()
                    && other.fromRow() < part.toRow()
                    && part.fromHead() < other.toHead()
                    && other.fromHead() < part.toHead();
        }
    }

    /** Notes a use by a step, and returns the steps before it that it comes after. */
    Set<Integer> use(int step, Part part, boolean writes) {
        Use next = new Use(step, part, writes);
        Set<Integer> before = new LinkedHashSet<>();
        for (Use use : uses) {
            if (use.conflicts(next) && use.step != step) {
                before.add(use.step);
            }
        }
        boolean moves = writes
                && uses.stream()
                        .anyMatch(use -> use.part.buffer().id() != part.buffer().id());
        if (moves || (writes && part.isAll())) {
            // Whatever comes after this step comes after all of those.
            uses.removeIf(use -> use.step != step);
        }
        // The first that writes a buffer where another one was: the others come after it, not after all that concerned
        // that one.
        uses.add(moves ? new Use(step, part.buffer().all(), true) : next);
        return before;
    }
}
