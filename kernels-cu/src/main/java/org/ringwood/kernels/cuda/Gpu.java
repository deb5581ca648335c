package org.ringwood.kernels.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.ringwood.kernels.DeviceFullException;
import org.ringwood.kernels.cuda.driver.Driver;
import org.ringwood.kernels.cuda.driver.DriverException;

/**
 * An opened device: its context, the stream of its kernels, and what lives in them. Any thread may {@link #run} and wait for marks; everything else is
 * for one thread at a time.
 */
final class Gpu {
    /** Portions that are queued at a time: one runs while the next one waits. */
    private static final int PORTIONS = 2;

    private final Driver driver;
    private final int ordinal;
    private final String name;
    private final Driver.Context context;
    private final Opened opened = new Opened();
    private final Driver.Stream stream;
    private final Staging staging;
    private final KernelModules modules;
    private final MemoryPool memory;
    private final TensorCopies copies;
    private final Gate gate;
    private final Pace pace;
    private final Deque<Driver.Event> portions = new ArrayDeque<>();
    private volatile @Nullable DriverException lost;

    /** Work on a device. */
    @FunctionalInterface
    interface Work {
        /** Does it; the device's context is current. */
        void run();
    }

    /**
     * Opens a device; its context is then current.
     *
     * @param budget bytes of memory that it may take, beside that of its streams and modules
     * @throws UnsupportedOperationException if this build has no kernels for it
     */
    Gpu(Driver driver, int ordinal, long budget) {
        this.driver = driver;
        this.ordinal = ordinal;
        this.name = driver.deviceName(ordinal);
        this.pace = new Pace(
                driver.attribute(ordinal, Driver.Attribute.MULTIPROCESSORS),
                driver.attribute(ordinal, Driver.Attribute.CLOCK_KILOHERTZ));
        this.context = opened.add(driver.retainPrimaryContext(ordinal), _ -> driver.releasePrimaryContext(ordinal));
        try {
            driver.setCurrent(context);
            this.stream = opened.add(driver.createStream(), driver::destroy);
            this.gate = opened.add(new Gate(driver), Gate::close);
            this.staging = opened.add(new Staging(driver, stream), Staging::close);
            this.copies = new TensorCopies(staging, () -> {});
            this.modules = opened.add(new KernelModules(driver, ordinal, staging), KernelModules::close);
            this.memory = opened.add(new MemoryPool(driver, budget), MemoryPool::freeAll);
        } catch (RuntimeException | Error e) {
            opened.closeAfter(e);
            throw e;
        }
    }

    /** For people: {@code cuda:0, NVIDIA H100 80GB HBM3}. */
    String description() {
        return "cuda:" + ordinal + ", " + name;
    }

    KernelModules modules() {
        return modules;
    }

    MemoryPool memory() {
        return memory;
    }

    TensorCopies copies() {
        return copies;
    }

    Pace pace() {
        return pace;
    }

    Gate gate() {
        return gate;
    }

    /**
     * Runs work with the device's context on this thread.
     *
     * @param what the call and its shapes, for messages
     * @throws DeviceFullException if the device has too little memory for it
     * @throws CudaException if the driver can't do it; a device that is lost is not asked again
     */
    void run(String what, Work work) {
        DriverException before = lost;
        if (before != null) {
            throw new CudaException(
                    description() + ": " + what + " can't run, as this process lost the device before: "
                            + before.getMessage() + "; start it anew",
                    before);
        }
        try {
            driver.setCurrent(context);
            work.run();
        } catch (MemoryPool.OutOfDeviceMemoryException full) {
            throw new DeviceFullException(
                    description() + ": " + what + ": " + full.getMessage()
                            + "; give a rank fewer tokens, or leave the device to fewer processes",
                    full);
        } catch (DriverException failure) {
            throw explain(what, failure);
        }
    }

    private CudaException explain(String what, DriverException failure) {
        String message = description() + ": " + what + ": " + failure.getMessage();
        if (failure.isFatal()) {
            lost = failure;
            message += ", and the device is lost to this process; start it anew";
        }
        return new CudaException(message, failure);
    }

    /** Queues a kernel of one dimension. */
    void launch(Driver.Function function, int blocks, int threads, MemorySegment... arguments) {
        driver.launch(function, blocks, 1, threads, 0, stream, arguments);
    }

    /** Queues a kernel. */
    void launch(
            Driver.Function function, int gridX, int gridY, int threads, int sharedBytes, MemorySegment... arguments) {
        driver.launch(function, gridX, gridY, threads, sharedBytes, stream, arguments);
    }

    /** A stream of its own for copies; the device's context is current. */
    CopyStream openCopies() {
        return new CopyStream(driver, gate);
    }

    /** A stream of its own for copies from other processes' memory. */
    PeerCopies openPeerCopies() {
        PeerCopies[] opened = new PeerCopies[1];
        run("a stream for copies from other processes", () -> opened[0] = new PeerCopies(driver));
        return opened[0];
    }

    /** Closes something of the device; if that is lost, it stays until the process ends. */
    void release(Runnable closing) {
        if (!isLost()) {
            driver.setCurrent(context);
            closing.run();
        }
    }

    /**
     * What the driver answers about memory that processes share.
     *
     * @param what the call, for messages
     * @throws UnsupportedOperationException if it can't; the message says why
     */
    <T> T share(String what, Function<Driver, T> call) {
        try {
            driver.setCurrent(context);
            return call.apply(driver);
        } catch (DriverException refused) {
            if (!refused.isRefusal()) {
                throw explain(what, refused);
            }
            throw new UnsupportedOperationException(
                    description() + ": " + what + ": " + refused.getMessage()
                            + "; processes share memory where the driver, the devices' links and their containers allow it",
                    refused);
        }
    }

    /** Begins a call: what it queues comes after what callers' streams shall come before. */
    void begin() {
        gate.pass(stream);
    }

    /** Lets what a caller's stream gets from now on come after all work that is queued. */
    void holdBack(long callers) {
        Driver.Event queued = mark();
        try {
            driver.await(callers, queued);
        } finally {
            driver.destroy(queued);
        }
    }

    /** Whether the device answers no more. */
    boolean isLost() {
        return lost != null;
    }

    /** A mark behind all work that is queued. */
    Driver.Event mark() {
        Driver.Event event = driver.createEvent();
        try {
            driver.record(event, stream);
        } catch (RuntimeException e) {
            driver.destroy(event);
            throw e;
        }
        return event;
    }

    /** Marks the end of a portion, and returns once few enough are queued. */
    void pacePortion() {
        portions.add(mark());
        if (portions.size() == PORTIONS) {
            await(portions.remove());
        }
    }

    /** Waits for the work before a mark. */
    void await(Driver.Event mark) {
        try {
            driver.synchronize(mark);
        } finally {
            driver.destroy(mark);
        }
    }

    /** Waits for all work, and frees everything; a lost device keeps it until the process ends. */
    void close() {
        if (isLost()) {
            return;
        }
        driver.setCurrent(context);
        driver.synchronize(stream);
        portions.forEach(driver::destroy);
        opened.close();
    }
}
