package org.ringwood.collectives;

import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.link.NodeLink;
import org.ringwood.collectives.transport.Connection;
import org.ringwood.collectives.transport.Transport;

/** One rank's part in a job: what all its groups share. */
final class Member implements AutoCloseable {
    private static final long LONGEST_PARK_NANOS = 1_000_000;

    private final Job job;
    private final int rank;
    private final long began;
    private final Connection connection;
    private final String chapter;
    private final Transport transport;
    private final SharedLiveness liveness;
    private final Waiting waiting;
    private final Set<NativeMemory> memories = new LinkedHashSet<>();
    private @Nullable NativeMemory scratch;
    private int nextGroup;
    private int duplicates;
    private boolean abandoned;

    Member(Job job, int rank, Connection connection, Liveness liveness) {
        this(job, rank, System.nanoTime(), connection, "", new SharedLiveness(liveness));
    }

    private Member(Job job, int rank, long began, Connection connection, String chapter, SharedLiveness liveness) {
        this.job = job;
        this.rank = Objects.checkIndex(rank, job.size());
        this.began = began;
        this.connection = connection;
        this.chapter = chapter;
        this.liveness = liveness;
        this.transport = connection.connect(job, chapter);
        this.waiting = new Waiting(rank, transport, liveness, job.timeouts(), began);
    }

    /** The same rank over a transport of its own. Meanwhile this one's is driven, as peers may not have got all that was sent. */
    Member duplicate() {
        String name = chapter + "duplicate-" + duplicates++ + "/";
        Job ofDuplicate = new Job(Digest.of(name, job.nonce()), job.epoch(), job.topology(), job.timeouts());
        CompletableFuture<Member> connecting = CompletableFuture.supplyAsync(
                () -> new Member(ofDuplicate, rank, began, connection, name, liveness),
                connect ->
                        Thread.ofPlatform().daemon().name("duplicate-" + rank).start(connect));
        liveness.share();
        try {
            await(new Connecting(connecting));
        } catch (RuntimeException e) {
            // It ends, too, once it hears of the failure.
            CompletableFuture<Member> _ = connecting.whenComplete((made, _) -> {
                if (made == null) {
                    liveness.close();
                } else {
                    made.close();
                }
            });
            throw e;
        }
        if (connecting.state() == Future.State.FAILED) {
            liveness.close();
            throw asUnchecked(connecting.exceptionNow());
        }
        return connecting.resultNow();
    }

    private static RuntimeException asUnchecked(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        return (RuntimeException) thrown;
    }

    private record Connecting(CompletableFuture<Member> member) implements ProcessGroup.Wait {
        @Override
        public boolean done() {
            return member.isDone();
        }

        @Override
        public String describe() {
            return "the others to connect a duplicate of their group";
        }
    }

    Job job() {
        return job;
    }

    /** In the whole job. */
    int rank() {
        return rank;
    }

    Transport transport() {
        return transport;
    }

    Liveness liveness() {
        return liveness;
    }

    void await(ProcessGroup.Wait wait) {
        waiting.await(wait);
    }

    void wake() {
        waiting.wake();
    }

    /** Waits in whatever group move the link, too, until it is {@linkplain #release released}. */
    void drive(NodeLink link) {
        waiting.drive(link);
    }

    void release(NodeLink link) {
        waiting.release(link);
    }

    /** The smallest group id that this rank has not used. */
    int nextGroup() {
        return nextGroup;
    }

    void usedGroupsBelow(int group) {
        nextGroup = group;
    }

    /** Reports that this rank cannot go on, unless it says so because the group failed already. */
    void fail(Throwable reason) {
        if (reason instanceof GroupFailureException) {
            return;
        }
        for (Throwable cause = reason; cause != null; cause = cause.getCause()) {
            if (cause instanceof MemoryExhaustedException || cause instanceof OutOfMemoryError) {
                report(Cause.ENVIRONMENT, "has no memory left: " + cause.getMessage());
                return;
            }
        }
        report(Cause.ERROR, "failed: " + reason);
    }

    void fail(String detail) {
        report(Cause.ERROR, detail);
    }

    private void report(Cause cause, String detail) {
        String host = job.topology().nodes().get(rank);
        liveness.report(new Failure(rank, host, ProcessHandle.current().pid(), cause, detail));
    }

    /** See {@link ProcessGroup#withdraw}. */
    void withdraw() {
        if (liveness.failure() == null || abandoned) {
            return;
        }
        // Until it is known that nobody uses it: a transport that breaks on the way does not tell.
        abandoned = true;
        abandoned = !letsGo();
    }

    /** Whether the transport has let go of this rank's memory within the peer timeout. */
    private boolean letsGo() {
        long deadline = System.nanoTime() + job.timeouts().peer().toNanos();
        while (transport.withdraw()) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            transport.park(LONGEST_PARK_NANOS);
        }
        return true;
    }

    GroupMemory allocate(long bytes) {
        GroupMemory shared = transport.allocate(bytes);
        if (shared != null) {
            return shared;
        }
        NativeMemory memory = new NativeMemory(bytes);
        memories.removeIf(NativeMemory::isClosed);
        memories.add(memory);
        return memory;
    }

    /** Memory for one operation, of undefined content; it is kept and belongs to the next operation afterwards. */
    NativeMemory scratch(long bytes) {
        if (scratch == null || scratch.segment().byteSize() < bytes) {
            if (scratch != null) {
                scratch.close();
            }
            scratch = new NativeMemory(bytes);
        }
        return scratch;
    }

    /** What a peer may still write to stays for as long as the process: else that would be memory of somebody else. */
    @Override
    public void close() {
        try (liveness;
                transport) {
            withdraw();
        } finally {
            if (!abandoned) {
                free();
            }
        }
    }

    private void free() {
        memories.forEach(NativeMemory::close);
        if (scratch != null) {
            scratch.close();
        }
    }
}
