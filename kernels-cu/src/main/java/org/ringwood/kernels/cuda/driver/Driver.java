package org.ringwood.kernels.cuda.driver;

import java.lang.foreign.MemorySegment;

/**
 * NVIDIA's driver, as far as the provider uses it. Device memory is an address, host memory a segment; both are in bytes. What works on a
 * context works on the one that is current on the calling thread. Every call may throw {@link DriverException}.
 */
public interface Driver {
    /** A device's context. */
    interface Context {}

    /** Work that is done in its order. */
    interface Stream {}

    /** A point in a stream's work. */
    interface Event {}

    /** Kernels and variables that were loaded together. */
    interface Module {}

    /** A kernel. */
    interface Function {}

    /** Properties of a device. */
    enum Attribute {
        /** First number of the compute capability. */
        CAPABILITY_MAJOR,
        /** Second number of the compute capability. */
        CAPABILITY_MINOR,
        /** Multiprocessors. */
        MULTIPROCESSORS,
        /** Clock of the multiprocessors at its peak, in kHz. */
        CLOCK_KILOHERTZ
    }

    /**
     * Memory of the current context's device, in bytes.
     *
     * @param free what can be allocated
     * @param total what there is
     */
    record MemoryInfo(long free, long total) {}

    /**
     * A run of device memory.
     *
     * @param address its first byte
     * @param bytes its length
     */
    record Variable(long address, long bytes) {}

    /** Newest CUDA release that the driver serves: 1000 times its first number plus 10 times its second. */
    int version();

    /** Devices that this process may use; {@code CUDA_VISIBLE_DEVICES} chooses and orders them. */
    int deviceCount();

    /** Name of a device, for people. */
    String deviceName(int device);

    /** A property of a device. */
    int attribute(int device, Attribute attribute);

    /** The context that all of the process shares on a device; to be released as often as it is retained. */
    Context retainPrimaryContext(int device);

    /** Gives the primary context back; with the last one, the device's memory and modules go. */
    void releasePrimaryContext(int device);

    /** Makes a context current on the calling thread. */
    void setCurrent(Context context);

    /** Device memory, free and in all. */
    MemoryInfo memory();

    /** Address of new device memory, at a multiple of 256. */
    long allocate(long bytes);

    /** Frees what {@link #allocate} gave, after the work that uses it. */
    void free(long address);

    /** Host memory that the device reads and writes by itself. */
    MemorySegment allocatePinned(long bytes);

    /** Frees what {@link #allocatePinned} gave. */
    void freePinned(MemorySegment memory);

    /** Queues a copy of pinned memory. */
    void copyToDevice(long to, MemorySegment from, Stream stream);

    /** Queues a copy to pinned memory. */
    void copyToHost(MemorySegment to, long from, Stream stream);

    /**
     * Rows of device memory.
     *
     * @param address first byte of the first row
     * @param width bytes of a row
     * @param pitch bytes from one row to the next
     * @param count rows
     */
    record Rows(long address, long width, long pitch, long count) {}

    /** Queues a copy of pinned memory, where rows follow each other without gaps. */
    void copyToDevice(Rows to, MemorySegment from, Stream stream);

    /** Queues a copy to pinned memory, where rows follow each other without gaps. */
    void copyToHost(MemorySegment to, Rows from, Stream stream);

    /** Queues a copy of as many rows of the same width. */
    void copy(Rows from, Rows to, Stream stream);

    /** Queues a copy within the device, or from memory of another process that was opened. */
    void copy(long from, long to, long bytes, Stream stream);

    /** Bytes by which other processes open memory: a {@code CUipcMemHandle}. */
    byte[] exportMemory(long address);

    /** Address here of memory that another process has exported. */
    long openMemory(byte[] handle);

    /** Closes what {@link #openMemory} gave. */
    void closeMemory(long address);

    /** A new stream that does not wait for the default one. */
    Stream createStream();

    /** Destroys a stream once its work is done. */
    void destroy(Stream stream);

    /** Waits for all work of a stream. */
    void synchronize(Stream stream);

    /** A new event; waiting for it takes no processor time. */
    Event createEvent();

    /** Destroys an event. */
    void destroy(Event event);

    /** Puts the event behind all work that the stream has got so far. */
    void record(Event event, Stream stream);

    /** Waits until the stream's work before the event is done; returns at once if it was never recorded. */
    void synchronize(Event event);

    /** Lets the stream's further work wait for an event as it was recorded last; has no effect if it never was. */
    void await(Stream stream, Event event);

    /**
     * Puts the event behind all work that a stream of other code has got so far.
     *
     * @param stream a {@code CUstream} of the same context
     */
    void record(Event event, long stream);

    /**
     * Lets the further work of a stream of other code wait for an event as it was recorded last.
     *
     * @param stream a {@code CUstream} of the same context
     */
    void await(long stream, Event event);

    /** Loads a cubin, or PTX, which the driver compiles. */
    Module load(byte[] image);

    /** Unloads a module. */
    void unload(Module module);

    /** A kernel of a module. */
    Function function(Module module, String name);

    /** A variable of a module. */
    Variable variable(Module module, String name);

    /** Lets a kernel be launched with so much dynamic shared memory, which may be more than 48 KiB. */
    void allowSharedMemory(Function function, int bytes);

    /** Blocks of a kernel that a multiprocessor holds at a time. */
    int residentBlocks(Function function, int threads, int sharedBytes);

    /**
     * Queues a kernel.
     *
     * @param gridX blocks in the first dimension, at least 1
     * @param gridY blocks in the second dimension, at least 1
     * @param threads threads of a block
     * @param sharedBytes dynamic shared memory of a block
     * @param arguments native memory with each argument as the kernel declares it; it is read before this returns
     */
    void launch(
            Function function,
            int gridX,
            int gridY,
            int threads,
            int sharedBytes,
            Stream stream,
            MemorySegment... arguments);
}
