package org.ringwood.attention.execution;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.Job;
import org.ringwood.collectives.Liveness;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.collectives.Operation.Transfer;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.inprocess.InProcessTransport;
import org.ringwood.collectives.transport.Envelope;
import org.ringwood.collectives.transport.Transport;
import org.ringwood.kernels.Space;

/** Another transport between threads, which also reaches the memory of {@link DistantDevice}s; it counts what is sent from there and received there. */
@SuppressWarnings("restricted")
final class DirectTransport implements Transport {
    private final Transport transport;
    long bytesSent;
    long bytesReceived;

    DirectTransport(Transport transport) {
        this.transport = transport;
    }

    /** The transports of all ranks. */
    static List<DirectTransport> connect(int ranks, Liveness liveness) {
        return InProcessTransport.connect(ranks, liveness).stream()
                .map(DirectTransport::new)
                .toList();
    }

    /** Groups over such transports, by rank. */
    static List<ProcessGroup> groups(Topology topology, Liveness liveness, List<DirectTransport> transports) {
        Job job = new Job(1, 0, topology, ShardedRun.TIMEOUTS);
        return IntStream.range(0, transports.size())
                .mapToObj(rank -> ProcessGroups.over(job, rank, (_, _) -> transports.get(rank), liveness))
                .toList();
    }

    @Override
    public boolean takesDeviceMemory() {
        return true;
    }

    private static boolean isOnDevice(MemorySegment segment) {
        return Space.of(segment) == Space.DEVICE;
    }

    private static MemorySegment real(MemorySegment segment) {
        return isOnDevice(segment)
                ? MemorySegment.ofAddress(segment.address()).reinterpret(segment.byteSize())
                : segment;
    }

    @Override
    public Transfer send(Envelope envelope, MemorySegment payload) {
        bytesSent += isOnDevice(payload) ? payload.byteSize() : 0;
        return transport.send(envelope, real(payload));
    }

    @Override
    public Transfer receive(Envelope envelope, MemorySegment into) {
        bytesReceived += isOnDevice(into) ? into.byteSize() : 0;
        return transport.receive(envelope, real(into));
    }

    @Override
    public BorrowedTransfer borrow(Envelope envelope) {
        return transport.borrow(envelope);
    }

    @Override
    public String name() {
        return "direct " + transport.name();
    }

    @Override
    public boolean progress() {
        return transport.progress();
    }

    @Override
    public void park(long nanos) {
        transport.park(nanos);
    }

    @Override
    public void operationBegan(int group, long operation, String name) {
        transport.operationBegan(group, operation, name);
    }

    @Override
    public void operationEnded(int group, long operation) {
        transport.operationEnded(group, operation);
    }

    @Override
    public @Nullable GroupMemory allocate(long bytes) {
        return transport.allocate(bytes);
    }

    @Override
    public boolean withdraw() {
        return transport.withdraw();
    }

    @Override
    public boolean isIntact() {
        return transport.isIntact();
    }

    @Override
    public void close() {
        transport.close();
    }
}
