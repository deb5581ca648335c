package org.ringwood.attention.execution;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.AttentionKernels;
import org.ringwood.kernels.Cancellation;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.DeviceFullException;
import org.ringwood.kernels.DeviceMemory;
import org.ringwood.kernels.DeviceSharing;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.GradientKernels;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Space;
import org.ringwood.kernels.Tensor;

/**
 * A device that has memory of its own, whose kernels are the CPU's: what is there is known to others by its address alone. It counts what is copied, and what
 * kernels are given in memory of the host.
 */
final class DistantDevice implements Device, DeviceMemory, DeviceSharing, AttentionKernels {
    /** By address, what all devices have exported: ranks are threads. */
    private static final ConcurrentSkipListMap<Long, MemorySegment> EXPORTED = new ConcurrentSkipListMap<>();

    private static final long ALIGNMENT = 256;

    private final Device cpu = Devices.open(Devices.Kind.CPU, 1);
    private final ExecutorService copier =
            Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());
    private final TreeMap<Long, Allocation> allocations = new TreeMap<>();
    private final List<Future<?>> futures = new CopyOnWriteArrayList<>();
    private final Runnable beforeCopy;
    long capacity = Long.MAX_VALUE;
    final AtomicLong uploadedBytes = new AtomicLong();
    final AtomicLong downloadedBytes = new AtomicLong();
    final AtomicLong stagedBytes = new AtomicLong();
    final AtomicLong bytesOfOthers = new AtomicLong();
    boolean shares;

    private record Allocation(Arena arena, MemorySegment memory) {}

    DistantDevice() {
        this(() -> {});
    }

    /** A device whose every copy does something first. */
    DistantDevice(Runnable beforeCopy) {
        this.beforeCopy = beforeCopy;
    }

    /** Links the devices of all ranks if they are such that share their memory. */
    static void link(Device device, PlanExecutor executor) {
        if (device.memory().flatMap(DeviceMemory::sharing).isPresent()) {
            Optional<String> _ = executor.linkDevices();
        }
    }

    /** Whether no kernel or copy is queued or running. */
    boolean isIdle() {
        return futures.stream().allMatch(Future::isDone);
    }

    Future<?> remember(Future<?> future) {
        futures.add(future);
        return future;
    }

    @Override
    public synchronized MemorySegment allocate(long bytes) {
        if (bytes > capacity) {
            throw new DeviceFullException("it has no " + bytes + " bytes", new OutOfMemoryError());
        }
        Arena arena = Arena.ofShared();
        MemorySegment memory = arena.allocate(Math.max(bytes, 1), ALIGNMENT).fill((byte) -1);
        allocations.put(memory.address(), new Allocation(arena, memory));
        return Space.onDevice(memory.address(), bytes);
    }

    @Override
    public synchronized void free(MemorySegment memory) {
        Allocation allocation = allocations.remove(memory.address());
        if (allocation == null) {
            throw new IllegalArgumentException("nothing is allocated there");
        }
        EXPORTED.remove(memory.address());
        allocation.arena.close();
    }

    synchronized int allocated() {
        return allocations.size();
    }

    /** The memory behind an address; what the host has is counted as staged. */
    private synchronized MemorySegment real(MemorySegment memory, long bytes) {
        if (Space.of(memory) == Space.HOST) {
            stagedBytes.addAndGet(bytes);
            return memory;
        }
        Map.Entry<Long, Allocation> allocation = allocations.floorEntry(memory.address());
        if (allocation == null) {
            throw new AssertionError("nothing is allocated at " + memory.address());
        }
        return allocation.getValue().memory.asSlice(memory.address() - allocation.getKey(), memory.byteSize());
    }

    Tensor real(Tensor tensor) {
        return new Tensor(
                real(tensor.memory(), tensor.denseBytes()),
                tensor.dtype(),
                tensor.tokens(),
                tensor.heads(),
                tensor.dim(),
                tensor.tokenStride(),
                tensor.headStride());
    }

    private SoftmaxState real(SoftmaxState state) {
        return new SoftmaxState(
                real(state.memory(), state.memory().byteSize()), state.rows(), state.heads(), state.dimV());
    }

    @Override
    public Future<?> upload(Tensor from, Tensor to, Cancellation cancellation) {
        require(from.space() == Space.HOST && to.space() == Space.DEVICE);
        uploadedBytes.addAndGet(from.denseBytes());
        return copyLater(from, real(to), cancellation);
    }

    @Override
    public Future<?> download(Tensor from, Tensor to, Cancellation cancellation) {
        require(from.space() == Space.DEVICE && to.space() == Space.HOST);
        downloadedBytes.addAndGet(from.denseBytes());
        return copyLater(real(from), to, cancellation);
    }

    @Override
    public Optional<DeviceSharing> sharing() {
        return shares ? Optional.of(this) : Optional.empty();
    }

    @Override
    public byte[] export(MemorySegment memory) {
        EXPORTED.put(memory.address(), real(memory, 0));
        byte[] handle = new byte[HANDLE_BYTES];
        MemorySegment.ofArray(handle).set(ValueLayout.JAVA_LONG_UNALIGNED, 0, memory.address());
        return handle;
    }

    @Override
    public MemorySegment open(byte[] handle, long bytes) {
        return Space.onDevice(MemorySegment.ofArray(handle).get(ValueLayout.JAVA_LONG_UNALIGNED, 0), bytes);
    }

    @Override
    public void close(MemorySegment opened) {
        require(EXPORTED.containsKey(opened.address()));
    }

    @Override
    public Future<?> copy(MemorySegment from, MemorySegment to) {
        Map.Entry<Long, MemorySegment> source = EXPORTED.floorEntry(from.address());
        if (source == null) {
            throw new AssertionError("nothing is exported at " + from.address());
        }
        MemorySegment target = real(to, 0);
        MemorySegment payload = source.getValue().asSlice(from.address() - source.getKey(), from.byteSize());
        bytesOfOthers.addAndGet(from.byteSize());
        return remember(CompletableFuture.runAsync(() -> target.copyFrom(payload), copier));
    }

    @Override
    public void after(long stream) {
        throw new UnsupportedOperationException("it has no streams");
    }

    @Override
    public void before(long stream) {
        throw new UnsupportedOperationException("it has no streams");
    }

    private static void require(boolean rightSpaces) {
        if (!rightSpaces) {
            throw new AssertionError("a copy within a space was asked of a copier");
        }
    }

    private Future<?> copyLater(Tensor from, Tensor to, Cancellation cancellation) {
        return remember(CompletableFuture.runAsync(
                () -> {
                    beforeCopy.run();
                    if (cancellation.requested()) {
                        throw new CancellationException("the copy was cancelled");
                    }
                    for (long row = 0; row < from.tokens(); row++) {
                        for (int head = 0; head < from.heads(); head++) {
                            from.copyHead(row, head, to);
                        }
                    }
                },
                copier));
    }

    @Override
    public Future<?> clear(SoftmaxState state) {
        return remember(cpu.kernels().clear(real(state)));
    }

    @Override
    public Future<?> attend(AttentionCall call) {
        return remember(cpu.kernels()
                .attend(new AttentionCall(
                        real(call.queries()),
                        real(call.keys()),
                        real(call.values()),
                        call.queryPositions(),
                        call.keyPositions(),
                        call.slices(),
                        call.scale(),
                        call.softcap(),
                        call.dropout(),
                        real(call.state()),
                        call.cancellation())));
    }

    @Override
    public Future<?> merge(SoftmaxState into, SoftmaxState from) {
        return remember(cpu.kernels().merge(real(into), real(from)));
    }

    @Override
    public Future<?> sink(SoftmaxState into, float[] logits) {
        return remember(cpu.kernels().sink(real(into), logits));
    }

    @Override
    public Future<?> finish(SoftmaxState state, Tensor out, Tensor lse) {
        return remember(cpu.kernels().finish(real(state), real(out), real(lse)));
    }

    @Override
    public Future<?> copy(Tensor from, Tensor to) {
        require(from.space() == to.space());
        // Packing on the host is the host's own business.
        return remember(
                from.space() == Space.DEVICE
                        ? cpu.kernels().copy(real(from), real(to))
                        : cpu.kernels().copy(from, to));
    }

    @Override
    public AttentionKernels kernels() {
        return this;
    }

    @Override
    public GradientKernels gradients() {
        return new DistantGradients(this, cpu.gradients());
    }

    @Override
    public Optional<DeviceMemory> memory() {
        return Optional.of(this);
    }

    @Override
    public Devices.Kind kind() {
        return cpu.kind();
    }

    @Override
    public String description() {
        return "distant " + cpu.description();
    }

    @Override
    public int threads() {
        return 1;
    }

    @Override
    public void close() {
        copier.close();
        cpu.close();
    }
}
