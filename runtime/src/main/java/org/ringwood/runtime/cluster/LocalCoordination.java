package org.ringwood.runtime.cluster;

import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.Liveness;
import org.ringwood.collectives.Rendezvous;
import org.ringwood.runtime.outcome.JobFailure;

/** Coordination of ranks that are threads of one process. */
public final class LocalCoordination implements Coordination {
    private final Member me;
    private final Shared shared;

    private LocalCoordination(Member me, Shared shared) {
        this.me = me;
        this.shared = shared;
    }

    /**
     * The coordination of each rank.
     *
     * @param liveness that the ranks' groups share
     * @param host name of this machine
     */
    public static List<LocalCoordination> of(int size, Liveness liveness, String host) {
        long pid = ProcessHandle.current().pid();
        List<Member> members = IntStream.range(0, size)
                .mapToObj(rank -> new Member(rank, host, pid))
                .toList();
        Shared shared = new Shared(members, liveness);
        return members.stream()
                .map(member -> new LocalCoordination(member, shared))
                .toList();
    }

    /** What all ranks see. */
    private static final class Shared implements Rendezvous {
        private static final String OVER = "over";

        private final List<Member> members;
        private final Liveness liveness;
        private final AtomicReference<@Nullable JobFailure> first = new AtomicReference<>();
        private final AtomicReferenceArray<Progress> progress;
        private final Map<String, String> values = new HashMap<>();

        Shared(List<Member> members, Liveness liveness) {
            this.members = members;
            this.liveness = liveness;
            this.progress = new AtomicReferenceArray<>(
                    Collections.nCopies(members.size(), Progress.NONE).toArray(new Progress[0]));
        }

        @Nullable
        JobFailure failure() {
            Failure known = liveness.failure();
            if (known != null) {
                first.compareAndSet(null, JobFailure.of(known));
            }
            return first.get();
        }

        synchronized void fail(JobFailure failure) {
            if (failure() == null) {
                first.compareAndSet(null, failure);
                liveness.report(failure.failure());
            }
            notifyAll();
        }

        @Override
        public synchronized void publish(String key, String value) {
            String other = values.putIfAbsent(key, value);
            if (other != null && !other.equals(value)) {
                throw new IllegalStateException("two ranks publish " + key + ": one as " + other + ", one as " + value);
            }
            notifyAll();
        }

        @Override
        public synchronized String await(String key, Duration timeout) {
            long deadline = System.nanoTime() + timeout.toNanos();
            while (true) {
                String value = values.get(key);
                if (value != null) {
                    return value;
                }
                JobFailure known = failure();
                if (known != null) {
                    throw new GroupFailureException(known.failure(), "waiting for " + key);
                }
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    throw new GroupFailureException(
                            new Failure(
                                    Rendezvous.owner(key),
                                    members.getFirst().host(),
                                    members.getFirst().pid(),
                                    Failure.Cause.SILENT,
                                    "did not publish " + key + " within " + timeout.toSeconds() + " s"),
                            "waiting for " + key);
                }
                try {
                    // Failures that others report to the liveness do not notify.
                    wait(Math.min(left, 100));
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                    throw new IllegalStateException("interrupted while waiting for " + key, interrupted);
                }
            }
        }
    }

    @Override
    public Member me() {
        return me;
    }

    @Override
    public List<Member> members() {
        return shared.members;
    }

    @Override
    public Rendezvous rendezvous() {
        return shared;
    }

    @Override
    public Liveness liveness() {
        return shared.liveness;
    }

    @Override
    public void fail(JobFailure failure) {
        shared.fail(failure);
    }

    @Override
    public @Nullable JobFailure failure() {
        return shared.failure();
    }

    @Override
    public void tell(Progress progress) {
        shared.progress.set(me.rank(), progress);
        shared.liveness.progressed();
    }

    @Override
    public List<Progress> progress() {
        return IntStream.range(0, shared.progress.length())
                .mapToObj(shared.progress::get)
                .toList();
    }

    @Override
    public void conclude() {
        if (me.rank() == 0) {
            shared.publish(Shared.OVER, Shared.OVER);
        } else {
            shared.await(Shared.OVER, Duration.ofDays(1));
        }
    }

    @Override
    public void close() {
        // The process goes on; nothing is to be given back.
    }
}
