package org.ringwood.collectives.shm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A message that has come, in one of three ways. */
sealed interface Arrival {
    /** It came whole. */
    final class Whole implements Arrival {
        private MemorySegment payload;

        /** @param payload valid only for now */
        Whole(MemorySegment payload) {
            this.payload = payload;
        }

        MemorySegment payload() {
            return payload;
        }

        /** Nobody waits for it yet: keeps a copy. */
        void keep() {
            payload = MemorySegment.ofArray(payload.toArray(ValueLayout.JAVA_BYTE));
        }
    }

    /** It lies in a region that is mapped here. */
    record Located(int source, long ticket, Region region, MemorySegment payload) implements Arrival {}

    /** It lies in the sender's own memory. */
    record Offered(int source, long ticket) implements Arrival {}
}
