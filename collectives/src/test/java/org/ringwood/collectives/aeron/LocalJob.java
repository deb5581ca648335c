package org.ringwood.collectives.aeron;

import io.aeron.driver.MediaDriver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Job;
import org.ringwood.collectives.Liveness;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.Topology;

/** The ranks of a job in one JVM, each with an Aeron transport of its own; ranks of one node share a driver. */
final class LocalJob implements Liveness {
    /** Small logs, so that they are quick to make and messages are larger than them. */
    static final AeronTuning SMALL = new AeronTuning(
            0,
            16 << 10,
            64 << 10,
            1024,
            8 << 10,
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofSeconds(3));

    private final AtomicReference<@Nullable Failure> first = new AtomicReference<>();
    private final LocalRendezvous rendezvous = new LocalRendezvous();
    private final Job job;
    private final Media media;
    private final AeronTuning tuning;
    private final Consumer<MediaDriver.Context> drivers;

    LocalJob(Topology topology, Timeouts timeouts, Media media, AeronTuning tuning) {
        this(topology, timeouts, media, tuning, context -> {});
    }

    /** With media drivers that are changed before they are launched. */
    LocalJob(
            Topology topology,
            Timeouts timeouts,
            Media media,
            AeronTuning tuning,
            Consumer<MediaDriver.Context> drivers) {
        this.job = new Job(ThreadLocalRandom.current().nextLong(), 3, topology, timeouts);
        this.media = media;
        this.tuning = tuning;
        this.drivers = drivers;
    }

    Job job() {
        return job;
    }

    AeronConfig config(int rank) {
        return config(job, rank, "");
    }

    private AeronConfig config(Job of, int rank, String chapter) {
        InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        return new AeronConfig(of, rank, anyPort, media, rendezvous.chapter(chapter), tuning);
    }

    /** The transports of all ranks. They meet while they are made, so each is made on a thread of its own. */
    List<AeronTransport> connect() throws InterruptedException, ExecutionException {
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            List<Future<AeronTransport>> connecting = IntStream.range(0, job.size())
                    .mapToObj(rank -> threads.submit(() -> connect(config(rank))))
                    .toList();
            List<AeronTransport> transports = new ArrayList<>();
            for (Future<AeronTransport> transport : connecting) {
                transports.add(transport.get());
            }
            return transports;
        }
    }

    private AeronTransport connect(AeronConfig ofRank) {
        Troubles troubles = new Troubles(this);
        return AeronTransport.connect(ofRank, this, troubles, config -> {
            MediaDriver.Context context = NodeDriver.context(config, troubles);
            drivers.accept(context);
            return NodeDriver.launch(config, context);
        });
    }

    List<ProcessGroup> groups() throws InterruptedException, ExecutionException {
        List<AeronTransport> transports = connect();
        return IntStream.range(0, job.size())
                .mapToObj(rank -> ProcessGroups.over(
                        job,
                        rank,
                        (of, chapter) -> chapter.isEmpty() ? transports.get(rank) : connect(config(of, rank, chapter)),
                        this))
                .toList();
    }

    @Override
    public @Nullable Failure failure() {
        return first.get();
    }

    @Override
    public void report(Failure failure) {
        first.compareAndSet(null, failure);
    }

    @Override
    public void progressed() {}

    @Override
    public long lastProgressNanos() {
        return System.nanoTime();
    }
}
