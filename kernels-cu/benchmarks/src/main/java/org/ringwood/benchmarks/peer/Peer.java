package org.ringwood.benchmarks.peer;

/** Another attention kernel; found by {@link java.util.ServiceLoader}. */
public interface Peer {
    /** What it is, for people. */
    String name();

    /** Its version, for people. */
    String version();

    /**
     * Prepares it to attend these operands. What is done here is not measured: a peer may bring its inputs into the layout that suits it.
     *
     * @param operands alive and unchanged until the contender is closed
     * @param threads how many threads it must use
     */
    Entry enter(Operands operands, int threads);

    /** Whether a peer takes part. */
    sealed interface Entry {
        /** It does. */
        record Ready(Contender contender) implements Entry {}

        /**
         * It does not.
         *
         * @param reason why, for people
         */
        record Absent(String reason) implements Entry {}
    }
}
