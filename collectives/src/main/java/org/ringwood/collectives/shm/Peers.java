package org.ringwood.collectives.shm;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The mailboxes of the other ranks of this host. */
final class Peers {
    private final Map<Integer, Mailbox> mailboxes = new HashMap<>();
    private final Map<Integer, Mailbox> present = new HashMap<>();

    void add(int rank, Mailbox mailbox) {
        mailboxes.put(rank, mailbox);
        present.put(rank, mailbox);
    }

    /** Ranks that have not left. */
    Set<Integer> present() {
        return Set.copyOf(present.keySet());
    }

    void left(int rank) {
        present.remove(rank);
    }

    /** A rank that has left is told nothing. */
    void tell(int rank, Signal signal) {
        Mailbox mailbox = present.get(rank);
        if (mailbox != null) {
            mailbox.send(signal);
        } else if (!mailboxes.containsKey(rank)) {
            throw new IllegalArgumentException("rank %d is not of this node".formatted(rank));
        }
    }

    void tellAll(Signal signal) {
        present.values().forEach(mailbox -> mailbox.send(signal));
    }

    /** Sends what full mailboxes did not take; returns whether anything moved. */
    boolean flush() {
        boolean moved = false;
        for (Mailbox mailbox : present.values()) {
            if (mailbox.flush()) {
                moved = true;
            }
        }
        return moved;
    }

    /** Whether all who are still here were told everything. */
    boolean isFlushed() {
        return present.values().stream().allMatch(Mailbox::isFlushed);
    }

    /** Whether one of them has withdrawn, also if it has left since. */
    boolean anyWithdrawn() {
        return mailboxes.values().stream().anyMatch(Mailbox::isWithdrawn);
    }

    /** From now on nobody is told anything: what is given back later was freed with everything else. */
    void close() {
        present.clear();
        mailboxes.values().forEach(Mailbox::close);
    }
}
