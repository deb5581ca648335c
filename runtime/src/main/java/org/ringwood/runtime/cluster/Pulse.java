package org.ringwood.runtime.cluster;

import com.hazelcast.core.EntryEvent;
import com.hazelcast.map.IMap;
import com.hazelcast.map.listener.EntryAddedListener;
import com.hazelcast.map.listener.EntryUpdatedListener;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the other ranks twice a second how far this one is, if it moved, and hears the same of them. Its regular beat also
 * notices when this process itself was stopped for so long that the others must have given it up.
 */
final class Pulse implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Pulse.class);
    private static final Duration BEAT = Duration.ofMillis(500);
    private static final int FIELDS = 4;

    private final int rank;
    private final Health health;
    private final Duration patience;
    private final IMap<Integer, String> map;
    private final AtomicReferenceArray<Progress> known;
    private final ScheduledExecutorService timer;
    private final Future<?> beats;
    private volatile Progress mine = Progress.NONE;
    private volatile long lastBeat = System.nanoTime();
    private volatile long pauseEnded = lastBeat;
    private volatile long longestPause;
    private String lastTold = "";

    Pulse(int rank, int size, Health health, Duration patience, IMap<Integer, String> map) {
        this.rank = rank;
        this.health = health;
        this.patience = patience;
        this.map = map;
        this.known = new AtomicReferenceArray<>(
                Collections.nCopies(size, Progress.NONE).toArray(new Progress[0]));
        map.addEntryListener((EntryAddedListener<Integer, String>) this::heard, true);
        map.addEntryListener((EntryUpdatedListener<Integer, String>) this::heard, true);
        this.timer = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("pulse").factory());
        this.beats = timer.scheduleWithFixedDelay(this::beat, 0, BEAT.toMillis(), TimeUnit.MILLISECONDS);
    }

    void tell(Progress progress) {
        mine = progress;
        known.set(rank, progress);
    }

    List<Progress> all() {
        return IntStream.range(0, known.length()).mapToObj(known::get).toList();
    }

    /** Whether this process was stopped recently for longer than its peers wait for it. */
    boolean wasPaused() {
        long now = System.nanoTime();
        boolean pausedUntilNow = now - lastBeat > patience.toNanos();
        boolean pausedLately = longestPause > 0 && now - pauseEnded < patience.toNanos();
        return pausedUntilNow || pausedLately;
    }

    private void beat() {
        long now = System.nanoTime();
        if (now - lastBeat > patience.toNanos()) {
            longestPause = now - lastBeat;
            pauseEnded = now;
        }
        lastBeat = now;
        Progress progress = mine;
        String text = health.beats() + " " + progress.done() + " " + progress.total() + " " + progress.phase();
        if (!text.equals(lastTold)) {
            lastTold = text;
            publish(text);
        }
    }

    private void publish(String text) {
        try {
            map.setAsync(rank, text);
        } catch (RuntimeException unreachable) {
            // The others see no progress of this rank; the membership tells why.
            LOG.debug("cannot tell the others how far this rank is", unreachable);
        }
    }

    private void heard(EntryEvent<Integer, String> event) {
        int teller = event.getKey();
        if (teller == rank || teller < 0 || teller >= known.length()) {
            return;
        }
        String[] fields = event.getValue().split(" ", FIELDS);
        known.set(teller, new Progress(fields[3], Long.parseLong(fields[1]), Long.parseLong(fields[2])));
        health.othersProgressed();
    }

    @Override
    public void close() {
        beats.cancel(false);
        timer.shutdownNow();
    }
}
