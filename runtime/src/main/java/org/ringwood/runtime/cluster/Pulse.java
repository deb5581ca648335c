package org.ringwood.runtime.cluster;

import com.hazelcast.topic.ITopic;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import org.ringwood.collectives.Failure;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls out to all ranks twice a second that this one lives and how far it is, and listens for their calls. Calls go straight from
 * member to member, so a member that hangs is found by each of the others alike, whatever role it has in the cluster. A gap in its
 * own beat tells a process that it was stopped itself, and that the others must have given it up.
 */
final class Pulse implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Pulse.class);
    private static final Duration BEAT = Duration.ofMillis(500);
    private static final int FIELDS = 5;

    private final int rank;
    private final Health health;
    private final Hearing hearing;
    private final ITopic<String> calls;
    private final AtomicReferenceArray<Progress> known;
    private final AtomicLongArray progressOf;
    private final Set<Integer> callers = ConcurrentHashMap.newKeySet();
    private final Runnable onNewCaller;
    private final ScheduledExecutorService timer;
    private final Future<?> beats;

    /** @param onNewCaller runs whenever a rank is heard for the first time */
    Pulse(int rank, int size, Health health, Duration patience, ITopic<String> calls, Runnable onNewCaller) {
        this.rank = rank;
        this.health = health;
        this.hearing = new Hearing(rank, size, patience, System.nanoTime());
        this.calls = calls;
        this.onNewCaller = onNewCaller;
        this.callers.add(rank);
        this.known = new AtomicReferenceArray<>(
                Collections.nCopies(size, Progress.NONE).toArray(new Progress[0]));
        this.progressOf = new AtomicLongArray(size);
        calls.addMessageListener(call -> hear(call.getMessageObject()));
        this.timer = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("pulse").factory());
        this.beats = timer.scheduleWithFixedDelay(this::beat, 0, BEAT.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Whether a rank has called yet: a process may be a member of the cluster long before it is done with its start. */
    boolean hears(int member) {
        return callers.contains(member);
    }

    /** From now on a member that does not call in time is a failure. */
    void watch(List<Member> members) {
        hearing.watch(members, System.nanoTime());
    }

    void tell(Progress progress) {
        known.set(rank, progress);
    }

    List<Progress> all() {
        return IntStream.range(0, known.length()).mapToObj(known::get).toList();
    }

    private void beat() {
        Failure failure = hearing.judge(System.nanoTime());
        if (failure != null) {
            health.report(failure);
        }
        call();
    }

    private void call() {
        Progress progress = known.get(rank);
        try {
            calls.publish(String.join(
                    " ",
                    Integer.toString(rank),
                    Long.toString(health.beats()),
                    Long.toString(progress.done()),
                    Long.toString(progress.total()),
                    progress.phase()));
        } catch (RuntimeException unreachable) {
            // The others will find this rank silent.
            LOG.debug("cannot call the other ranks", unreachable);
        }
    }

    private void hear(String call) {
        String[] fields = call.split(" ", FIELDS);
        int caller = Integer.parseInt(fields[0]);
        if (caller == rank || caller < 0 || caller >= known.length()) {
            return;
        }
        hearing.heard(caller, System.nanoTime());
        known.set(caller, new Progress(fields[4], Long.parseLong(fields[2]), Long.parseLong(fields[3])));
        long progress = Long.parseLong(fields[1]);
        if (progressOf.getAndSet(caller, progress) != progress) {
            health.othersProgressed();
        }
        if (callers.add(caller)) {
            onNewCaller.run();
        }
    }

    @Override
    public void close() {
        beats.cancel(false);
        timer.shutdownNow();
    }
}
