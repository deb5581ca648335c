package org.ringwood.runtime.cluster;

import com.hazelcast.cluster.Cluster;
import com.hazelcast.core.HazelcastInstance;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.Liveness;
import org.ringwood.collectives.Rendezvous;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.outcome.JobFailure;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Coordination of processes through an embedded Hazelcast member in each. Rank 0 founds the cluster, the others join it; it
 * is complete once every rank is there. A member that leaves before the job has ended fails the job on every rank.
 */
public final class HazelcastCoordination implements Coordination {
    private static final Logger LOG = LoggerFactory.getLogger(HazelcastCoordination.class);

    /** How long the ranks may take to agree which failure was first; after that each believes its own. */
    private static final Duration AGREEMENT = Duration.ofSeconds(1);

    /** How long rank 0 may take, before it leaves, to see that others have copies of what it holds. */
    private static final Duration SECURED = Duration.ofSeconds(2);

    private static final String JOINING = "waiting for all ranks to join";

    private final ClusterSettings settings;
    private final HazelcastInstance hazelcast;
    private final Health health;
    private final Consumer<JobFailure> onFailure;
    private final Bulletin bulletin;
    private final Pulse pulse;
    private List<Member> members = List.of();

    private HazelcastCoordination(
            ClusterSettings settings, HazelcastInstance hazelcast, Consumer<JobFailure> onFailure) {
        this.settings = settings;
        this.hazelcast = hazelcast;
        this.onFailure = onFailure;
        this.health = new Health(this::agreeOnFirst, this::failed);
        ClusterCalls calls = new ClusterCalls(settings.me(), health, this::keeper, MemberConfig.patience(settings));
        this.bulletin = calls.toAll(JOINING, () -> new Bulletin(hazelcast, calls, health));
        this.pulse = calls.toAll(
                JOINING,
                () -> new Pulse(
                        settings.me().rank(),
                        settings.size(),
                        health,
                        settings.timeouts().peer(),
                        hazelcast.getTopic("pulse"),
                        this::wake));
        hazelcast
                .getCluster()
                .addMembershipListener(
                        new MembershipWatch(settings.me(), settings.timeouts().peer(), this::departed, this::wake));
    }

    /**
     * Joins the job and waits until every rank is there.
     *
     * @param onFailure hears of the first failure, once, on any thread; it should be quick
     * @throws InputException if this rank cannot listen at its address and port, or its seat in the job is taken
     * @throws GroupFailureException if the ranks do not come together in time; it names who is missing
     */
    public static HazelcastCoordination join(ClusterSettings settings, Consumer<JobFailure> onFailure) {
        long deadline = System.nanoTime() + settings.timeouts().join().toNanos();
        HazelcastInstance hazelcast = new Entrance(settings, deadline).enter();
        try {
            HazelcastCoordination coordination = new HazelcastCoordination(settings, hazelcast, onFailure);
            coordination.announce();
            coordination.awaitAll(deadline);
            return coordination;
        } catch (RuntimeException failed) {
            hazelcast.getLifecycleService().terminate();
            throw failed;
        }
    }

    /** Who keeps the entries of a key. */
    private Optional<Member> keeper(String key) {
        if (!hazelcast.getLifecycleService().isRunning()) {
            return Optional.empty();
        }
        return Optional.ofNullable(
                        hazelcast.getPartitionService().getPartition(key).getOwner())
                .map(MembershipWatch::of);
    }

    private void announce() {
        if (settings.me().rank() != 0) {
            return;
        }
        var address = hazelcast.getCluster().getLocalMember().getAddress();
        try {
            settings.meeting().announce(address.getHost() + ":" + address.getPort());
        } catch (IOException unwritable) {
            throw new InputException(
                    "cannot tell the other ranks where rank 0 is: " + unwritable.getMessage(), unwritable);
        }
    }

    private synchronized void awaitAll(long deadline) {
        while (true) {
            JobFailure known = health.jobFailure();
            if (known != null) {
                throw new GroupFailureException(known.failure(), JOINING);
            }
            List<Member> present = present().stream()
                    .filter(member -> pulse.hears(member.rank()))
                    .toList();
            if (present.size() == settings.size()) {
                members = present;
                pulse.watch(present);
                return;
            }
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                Failure missing = Attendance.missing(present, settings);
                health.report(missing);
                throw new GroupFailureException(missing, JOINING);
            }
            try {
                wait(left);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while waiting for all ranks to join", interrupted);
            }
        }
    }

    private List<Member> present() {
        Cluster cluster = hazelcast.getCluster();
        Attendance.strangeness(cluster.getLocalMember(), cluster.getMembers()).ifPresent(why -> {
            throw new InputException("rank " + settings.me().rank() + " of the job at " + settings.meeting() + " " + why
                    + ": give each process a rank of its own, and each job its own MASTER_PORT or RINGWOOD_TOKEN");
        });
        return Attendance.of(cluster.getMembers(), settings.size());
    }

    private void failed(JobFailure first) {
        onFailure.accept(first);
        wake();
    }

    private synchronized void wake() {
        notifyAll();
        // The bulletin is missing while the constructor still makes it.
        if (bulletin != null) {
            bulletin.wake();
        }
    }

    /** Runs on Hazelcast's event thread, which must not wait for the cluster. */
    private void departed(Failure departure) {
        Thread.ofVirtual().name("departure").start(() -> {
            if (!endedAlready()) {
                health.report(departure);
            }
        });
    }

    private boolean endedAlready() {
        try {
            return bulletin.ended();
        } catch (RuntimeException unreachable) {
            LOG.debug("cannot ask the cluster whether the job has ended", unreachable);
            return false;
        }
    }

    private JobFailure agreeOnFirst(JobFailure mine) {
        CompletableFuture<JobFailure> agreed = new CompletableFuture<>();
        Thread.ofVirtual().name("failure").start(() -> {
            try {
                agreed.complete(bulletin.firstFailure(mine));
            } catch (RuntimeException unreachable) {
                agreed.completeExceptionally(unreachable);
            }
        });
        try {
            return agreed.get(AGREEMENT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return mine;
        } catch (ExecutionException | TimeoutException unreachable) {
            LOG.debug("cannot agree with the cluster on the first failure", unreachable);
            JobFailure called = health.jobFailure();
            if (called != null) {
                return called;
            }
            callOut(mine);
            return mine;
        }
    }

    /** A cluster that cannot even be called must not keep this rank itself from learning of the failure. */
    private void callOut(JobFailure mine) {
        try {
            bulletin.call(mine);
        } catch (RuntimeException unreachable) {
            LOG.debug("cannot tell the cluster of the failure", unreachable);
        }
    }

    @Override
    public Member me() {
        return settings.me();
    }

    @Override
    public List<Member> members() {
        return members;
    }

    @Override
    public Rendezvous rendezvous() {
        return bulletin;
    }

    @Override
    public Liveness liveness() {
        return health;
    }

    @Override
    public void fail(JobFailure failure) {
        health.fail(failure);
    }

    @Override
    public @Nullable JobFailure failure() {
        return health.jobFailure();
    }

    @Override
    public void tell(Progress progress) {
        pulse.tell(progress);
        health.progressed();
    }

    @Override
    public List<Progress> progress() {
        return pulse.all();
    }

    @Override
    public void conclude() {
        if (settings.me().rank() == 0) {
            bulletin.declareOver();
            // Who came to a taken seat and left just now may have had the copy that the others are to find when this
            // member is gone.
            hazelcast.getPartitionService().forceLocalMemberToBeSafe(SECURED.toMillis(), TimeUnit.MILLISECONDS);
        } else {
            bulletin.awaitOver(settings.timeouts().stall());
        }
    }

    @Override
    public void close() {
        pulse.close();
        // Nothing in the cluster outlives the job, so no partition needs to be handed over.
        hazelcast.getLifecycleService().terminate();
    }
}
