package org.ringwood.collectives.mpi;

import java.lang.foreign.MemorySegment;

/** A message that has come before its receive. */
sealed interface Arrival {
    /** All of it. */
    final class Whole implements Arrival {
        private MemorySegment payload;

        /** @param payload valid while the control message is handled */
        Whole(MemorySegment payload) {
            this.payload = payload;
        }

        /** Its receive is not there yet. */
        void keep() {
            payload = MemorySegment.ofArray(new byte[Math.toIntExact(payload.byteSize())])
                    .copyFrom(payload);
        }

        MemorySegment payload() {
            return payload;
        }
    }

    /** Its sender waits for being asked. */
    enum Announcement implements Arrival {
        ANNOUNCED
    }
}
