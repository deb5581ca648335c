package org.ringwood.runtime.cluster;

import com.hazelcast.core.EntryEvent;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.IMap;
import com.hazelcast.map.listener.EntryAddedListener;
import com.hazelcast.topic.ITopic;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.Rendezvous;
import org.ringwood.runtime.outcome.JobFailure;

/**
 * Strings that are written once and that every rank gets to know; each rank keeps a copy that Hazelcast's events fill. A failure is
 * also called out to all members, since whoever keeps the map's entry may be the very one that hangs.
 */
final class Bulletin implements Rendezvous {
    private static final String USER = "rendezvous/";
    private static final String FAILURE = "failure";
    private static final String OVER = "over";

    private final IMap<String, String> map;
    private final ITopic<String> calls;
    private final Map<String, String> copy = new ConcurrentHashMap<>();
    private final ClusterCalls cluster;
    private final Health health;

    Bulletin(HazelcastInstance hazelcast, ClusterCalls cluster, Health health) {
        this.map = hazelcast.getMap("bulletin");
        this.calls = hazelcast.getTopic("failures");
        this.cluster = cluster;
        this.health = health;
        calls.addMessageListener(call -> learn(FAILURE, call.getMessageObject()));
        map.addEntryListener((EntryAddedListener<String, String>) this::added, true);
        // What was written before this rank listened.
        map.entrySet().forEach(entry -> learn(entry.getKey(), entry.getValue()));
    }

    private void added(EntryEvent<String, String> event) {
        learn(event.getKey(), event.getValue());
    }

    private void learn(String key, String value) {
        if (copy.putIfAbsent(key, value) != null) {
            return;
        }
        if (key.equals(FAILURE)) {
            health.learn(JobFailure.decode(value));
        }
        wake();
    }

    /** Lets everyone who waits here look again. */
    synchronized void wake() {
        notifyAll();
    }

    @Override
    public void publish(String key, String value) {
        String entry = USER + key;
        String other = cluster.toKeeper(entry, "publishing " + key, () -> map.putIfAbsent(entry, value));
        if (other != null && !other.equals(value)) {
            throw new IllegalStateException("two ranks publish " + key + ": one as " + other + ", one as " + value);
        }
    }

    @Override
    public String await(String key, Duration timeout) {
        return awaitEntry(USER + key, key, timeout);
    }

    private String awaitEntry(String entry, String what, Duration timeout) {
        long deadline = System.nanoTime() + timeout.toNanos();
        synchronized (this) {
            while (true) {
                String value = copy.get(entry);
                if (value != null) {
                    return value;
                }
                JobFailure known = health.jobFailure();
                if (known != null) {
                    throw new GroupFailureException(known.failure(), "waiting for " + what);
                }
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    throw new GroupFailureException(nobody(what, timeout), "waiting for " + what);
                }
                try {
                    wait(left);
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                    throw new IllegalStateException("interrupted while waiting for " + what, interrupted);
                }
            }
        }
    }

    private static Failure nobody(String what, Duration timeout) {
        return new Failure(
                Rendezvous.owner(what),
                "?",
                0,
                Failure.Cause.SILENT,
                "did not publish " + what + " within " + timeout.toSeconds() + " s");
    }

    /** Tells all members of a failure, without an answer. */
    void call(JobFailure failure) {
        calls.publish(failure.encode());
    }

    /** Makes {@code mine} the first failure unless there is one; returns the first. */
    JobFailure firstFailure(JobFailure mine) {
        String other = map.putIfAbsent(FAILURE, mine.encode());
        return other == null ? mine : JobFailure.decode(other);
    }

    void declareOver() {
        cluster.toKeeper(OVER, "declaring the end of the job", () -> map.put(OVER, OVER));
        learn(OVER, OVER);
    }

    void awaitOver(Duration timeout) {
        awaitEntry(OVER, "the end of the job", timeout);
    }

    /**
     * Whether the job is over or has failed. Asks the cluster, as events that a member was about to send die with it.
     */
    boolean ended() {
        if (!knowsTheEnd()) {
            map.getAll(Set.of(OVER, FAILURE)).forEach(this::learn);
        }
        return knowsTheEnd();
    }

    private boolean knowsTheEnd() {
        return copy.containsKey(OVER) || copy.containsKey(FAILURE);
    }
}
