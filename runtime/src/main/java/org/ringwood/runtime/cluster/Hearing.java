package org.ringwood.runtime.cluster;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;

/** When this rank has heard the others, and who has been silent for too long. Times are those of {@link System#nanoTime}. */
final class Hearing {
    private final int rank;
    private final Duration patience;
    private final AtomicLongArray heardAt;
    private volatile List<Member> watched = List.of();
    /** When silence was forgiven: once, until the member calls again. */
    private final long[] forgivenAt;

    private long lastLook;

    Hearing(int rank, int size, Duration patience, long now) {
        this.rank = rank;
        this.patience = patience;
        this.heardAt = new AtomicLongArray(size);
        this.forgivenAt = new long[size];
        Arrays.fill(forgivenAt, Long.MIN_VALUE);
        this.lastLook = now;
    }

    /** From now on these members are expected to call. */
    void watch(List<Member> members, long now) {
        members.forEach(member -> heard(member.rank(), now));
        watched = members;
    }

    void heard(int caller, long now) {
        heardAt.set(caller, now);
    }

    /**
     * Who has failed, if anybody. Called by one thread, at short intervals: a long one means that this process was stopped or starved. Then
     * calls may wait unread, so that nobody is silent; and if it was long enough, the others must have given this rank up.
     */
    @Nullable
    Failure judge(long now) {
        long gap = now - lastLook;
        lastLook = now;
        List<Member> members = watched;
        if (members.isEmpty()) {
            return null;
        }
        if (gap > patience.toNanos()) {
            return members.get(rank)
                    .failure(
                            Failure.Cause.SILENT,
                            "was itself stopped or starved for " + gap / 1_000_000_000
                                    + " s, so that the others have given it up");
        }
        if (gap > patience.toNanos() / 2) {
            members.forEach(member -> forgive(member.rank(), now));
        }
        for (Member member : members) {
            if (member.rank() != rank && now - heardAt.get(member.rank()) > patience.toNanos()) {
                return member.failure(
                        Failure.Cause.SILENT,
                        "was silent for " + patience.toSeconds() + " s (is it stopped or starved?)");
            }
        }
        return null;
    }

    private void forgive(int member, long now) {
        if (heardAt.get(member) != forgivenAt[member]) {
            forgivenAt[member] = now;
            heard(member, now);
        }
    }
}
