package org.ringwood.collectives.aeron;

/** What arrives of a message before its receive is posted: word of it, or the beginning of its bytes. */
sealed interface Arrival permits Arrival.Announcement, Landing {
    /** The sender waits until this rank is ready. */
    enum Announcement implements Arrival {
        /** It says no more than its envelope. */
        ANNOUNCED
    }
}
