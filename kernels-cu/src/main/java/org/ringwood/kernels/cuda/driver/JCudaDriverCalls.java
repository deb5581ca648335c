package org.ringwood.kernels.cuda.driver;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import jcuda.Pointer;
import jcuda.driver.CUDA_MEMCPY2D;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUmemorytype;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import org.ringwood.kernels.DeviceSharing;

/** {@link Driver} through JCuda, which is used nowhere else. */
final class JCudaDriverCalls implements Driver {
    private static final String TEMPORARY_FOLDER = "java.io.tmpdir";
    private static final int NAME_BYTES = 256;
    private static final int NO_FLAGS = 0;

    private static final class Direct {
        static final ForeignCalls CALLS = new ForeignCalls();
    }

    private JCudaDriverCalls() {}

    /**
     * Loads JCuda and initialises the driver.
     *
     * @throws LinkageError if the driver's library or JCuda's is missing
     */
    static Driver load() throws IOException {
        initializeJCuda();
        JCudaDriver.setExceptionsEnabled(false);
        check("cuInit", JCudaDriver.cuInit(0));
        return new JCudaDriverCalls();
    }

    /**
     * JCuda unpacks its library to one name in the temporary folder, where a process may find what another has not finished, or what somebody else
     * has left. So it is given a folder of its own while it does that; a library that is loaded needs no file.
     */
    private static void initializeJCuda() throws IOException {
        String usual = System.getProperty(TEMPORARY_FOLDER);
        Path own = Files.createTempDirectory("ringwood-jcuda");
        try {
            System.setProperty(TEMPORARY_FOLDER, own.toString());
            Class.forName(JCudaDriver.class.getName(), true, JCudaDriverCalls.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new NoClassDefFoundError(e.getMessage());
        } finally {
            System.setProperty(TEMPORARY_FOLDER, usual);
            delete(own);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    private static void check(String call, int result) {
        if (result != CUresult.CUDA_SUCCESS) {
            throw new DriverException(call, result, CUresult.stringFor(result));
        }
    }

    private static final class ContextHandle extends CUcontext implements Context {}

    private static final class StreamHandle extends CUstream implements Stream {}

    private static final class EventHandle extends CUevent implements Event {
        long value() {
            return getNativePointer();
        }
    }

    private static final class ModuleHandle extends CUmodule implements Module {}

    private static final class FunctionHandle extends CUfunction implements Function {}

    /** An address of the device. */
    private static final class DeviceAddress extends CUdeviceptr {
        DeviceAddress() {}

        DeviceAddress(long address) {
            super(new CUdeviceptr(), address);
        }

        long value() {
            return getNativePointer() + getByteOffset();
        }
    }

    /** An address of the host. */
    private static final class HostAddress extends Pointer {
        HostAddress(MemorySegment memory) {
            super(memory.address());
        }
    }

    @Override
    public int version() {
        int[] version = new int[1];
        check("cuDriverGetVersion", JCudaDriver.cuDriverGetVersion(version));
        return version[0];
    }

    @Override
    public int deviceCount() {
        int[] count = new int[1];
        check("cuDeviceGetCount", JCudaDriver.cuDeviceGetCount(count));
        return count[0];
    }

    private static CUdevice device(int ordinal) {
        CUdevice device = new CUdevice();
        check("cuDeviceGet", JCudaDriver.cuDeviceGet(device, ordinal));
        return device;
    }

    @Override
    public String deviceName(int device) {
        byte[] name = new byte[NAME_BYTES];
        check("cuDeviceGetName", JCudaDriver.cuDeviceGetName(name, name.length, device(device)));
        int length = 0;
        while (length < name.length && name[length] != 0) {
            length++;
        }
        return new String(name, 0, length, StandardCharsets.UTF_8);
    }

    @Override
    public int attribute(int device, Attribute attribute) {
        int which = switch (attribute) {
            case CAPABILITY_MAJOR -> CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR;
            case CAPABILITY_MINOR -> CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR;
            case MULTIPROCESSORS -> CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;
            case CLOCK_KILOHERTZ -> CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CLOCK_RATE;
        };
        int[] value = new int[1];
        check("cuDeviceGetAttribute", JCudaDriver.cuDeviceGetAttribute(value, which, device(device)));
        return value[0];
    }

    @Override
    public Context retainPrimaryContext(int device) {
        ContextHandle context = new ContextHandle();
        check("cuDevicePrimaryCtxRetain", JCudaDriver.cuDevicePrimaryCtxRetain(context, device(device)));
        return context;
    }

    @Override
    public void releasePrimaryContext(int device) {
        check("cuDevicePrimaryCtxRelease", JCudaDriver.cuDevicePrimaryCtxRelease(device(device)));
    }

    @Override
    public void setCurrent(Context context) {
        check("cuCtxSetCurrent", JCudaDriver.cuCtxSetCurrent((ContextHandle) context));
    }

    @Override
    public MemoryInfo memory() {
        long[] free = new long[1];
        long[] total = new long[1];
        check("cuMemGetInfo", JCudaDriver.cuMemGetInfo(free, total));
        return new MemoryInfo(free[0], total[0]);
    }

    @Override
    public long allocate(long bytes) {
        DeviceAddress address = new DeviceAddress();
        check("cuMemAlloc", JCudaDriver.cuMemAlloc(address, bytes));
        return address.value();
    }

    @Override
    public void free(long address) {
        check("cuMemFree", JCudaDriver.cuMemFree(new DeviceAddress(address)));
    }

    @Override
    public MemorySegment allocatePinned(long bytes) {
        Pointer pointer = new Pointer();
        check("cuMemHostAlloc", JCudaDriver.cuMemHostAlloc(pointer, bytes, 0));
        return MemorySegment.ofBuffer(pointer.getByteBuffer(0, bytes));
    }

    @Override
    public void freePinned(MemorySegment memory) {
        check("cuMemFreeHost", JCudaDriver.cuMemFreeHost(new HostAddress(memory)));
    }

    @Override
    public void copyToDevice(long to, MemorySegment from, Stream stream) {
        check(
                "cuMemcpyHtoDAsync",
                JCudaDriver.cuMemcpyHtoDAsync(
                        new DeviceAddress(to), new HostAddress(from), from.byteSize(), (StreamHandle) stream));
    }

    @Override
    public void copyToHost(MemorySegment to, long from, Stream stream) {
        check(
                "cuMemcpyDtoHAsync",
                JCudaDriver.cuMemcpyDtoHAsync(
                        new HostAddress(to), new DeviceAddress(from), to.byteSize(), (StreamHandle) stream));
    }

    @Override
    public void copyToDevice(Rows to, MemorySegment from, Stream stream) {
        CUDA_MEMCPY2D copy = copyTo(to);
        copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
        copy.srcHost = new HostAddress(from);
        copy.srcPitch = to.width();
        copyRows(copy, stream);
    }

    @Override
    public void copyToHost(MemorySegment to, Rows from, Stream stream) {
        CUDA_MEMCPY2D copy = copyFrom(from, new CUDA_MEMCPY2D());
        copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
        copy.dstHost = new HostAddress(to);
        copy.dstPitch = from.width();
        copy.WidthInBytes = from.width();
        copy.Height = from.count();
        copyRows(copy, stream);
    }

    @Override
    public void copy(Rows from, Rows to, Stream stream) {
        copyRows(copyFrom(from, copyTo(to)), stream);
    }

    @Override
    public void copy(long from, long to, long bytes, Stream stream) {
        check(
                "cuMemcpyDtoDAsync",
                JCudaDriver.cuMemcpyDtoDAsync(
                        new DeviceAddress(to), new DeviceAddress(from), bytes, (StreamHandle) stream));
    }

    @Override
    public byte[] exportMemory(long address) {
        byte[] handle = new byte[DeviceSharing.HANDLE_BYTES];
        check("cuIpcGetMemHandle", Direct.CALLS.export(address, handle));
        return handle;
    }

    @Override
    public long openMemory(byte[] handle) {
        long[] address = new long[1];
        check("cuIpcOpenMemHandle", Direct.CALLS.open(handle, address));
        return address[0];
    }

    @Override
    public void closeMemory(long address) {
        check("cuIpcCloseMemHandle", JCudaDriver.cuIpcCloseMemHandle(new DeviceAddress(address)));
    }

    private static CUDA_MEMCPY2D copyFrom(Rows from, CUDA_MEMCPY2D copy) {
        copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
        copy.srcDevice = new DeviceAddress(from.address());
        copy.srcPitch = from.pitch();
        return copy;
    }

    private static CUDA_MEMCPY2D copyTo(Rows to) {
        CUDA_MEMCPY2D copy = new CUDA_MEMCPY2D();
        copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
        copy.dstDevice = new DeviceAddress(to.address());
        copy.dstPitch = to.pitch();
        copy.WidthInBytes = to.width();
        copy.Height = to.count();
        return copy;
    }

    private static void copyRows(CUDA_MEMCPY2D copy, Stream stream) {
        check("cuMemcpy2DAsync", JCudaDriver.cuMemcpy2DAsync(copy, (StreamHandle) stream));
    }

    @Override
    public Stream createStream() {
        StreamHandle stream = new StreamHandle();
        check("cuStreamCreate", JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
        return stream;
    }

    @Override
    public void destroy(Stream stream) {
        check("cuStreamDestroy", JCudaDriver.cuStreamDestroy((StreamHandle) stream));
    }

    @Override
    public void synchronize(Stream stream) {
        check("cuStreamSynchronize", JCudaDriver.cuStreamSynchronize((StreamHandle) stream));
    }

    @Override
    public Event createEvent() {
        EventHandle event = new EventHandle();
        int flags = CUevent_flags.CU_EVENT_BLOCKING_SYNC | CUevent_flags.CU_EVENT_DISABLE_TIMING;
        check("cuEventCreate", JCudaDriver.cuEventCreate(event, flags));
        return event;
    }

    @Override
    public void destroy(Event event) {
        check("cuEventDestroy", JCudaDriver.cuEventDestroy((EventHandle) event));
    }

    @Override
    public void record(Event event, Stream stream) {
        check("cuEventRecord", JCudaDriver.cuEventRecord((EventHandle) event, (StreamHandle) stream));
    }

    @Override
    public void synchronize(Event event) {
        check("cuEventSynchronize", JCudaDriver.cuEventSynchronize((EventHandle) event));
    }

    @Override
    public void await(Stream stream, Event event) {
        check("cuStreamWaitEvent", JCudaDriver.cuStreamWaitEvent((StreamHandle) stream, (EventHandle) event, NO_FLAGS));
    }

    @Override
    public void record(Event event, long stream) {
        check("cuEventRecord", Direct.CALLS.record(((EventHandle) event).value(), stream));
    }

    @Override
    public void await(long stream, Event event) {
        check("cuStreamWaitEvent", Direct.CALLS.await(stream, ((EventHandle) event).value()));
    }

    @Override
    public Module load(byte[] image) {
        ModuleHandle module = new ModuleHandle();
        // PTX ends with a NUL; a cubin knows its length.
        byte[] terminated = Arrays.copyOf(image, image.length + 1);
        check("cuModuleLoadData", JCudaDriver.cuModuleLoadData(module, terminated));
        return module;
    }

    @Override
    public void unload(Module module) {
        check("cuModuleUnload", JCudaDriver.cuModuleUnload((ModuleHandle) module));
    }

    @Override
    public Function function(Module module, String name) {
        FunctionHandle function = new FunctionHandle();
        check("cuModuleGetFunction", JCudaDriver.cuModuleGetFunction(function, (ModuleHandle) module, name));
        return function;
    }

    @Override
    public Variable variable(Module module, String name) {
        DeviceAddress address = new DeviceAddress();
        long[] bytes = new long[1];
        check("cuModuleGetGlobal", JCudaDriver.cuModuleGetGlobal(address, bytes, (ModuleHandle) module, name));
        return new Variable(address.value(), bytes[0]);
    }

    @Override
    public void allowSharedMemory(Function function, int bytes) {
        int which = CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
        check("cuFuncSetAttribute", JCudaDriver.cuFuncSetAttribute((FunctionHandle) function, which, bytes));
    }

    @Override
    public int residentBlocks(Function function, int threads, int sharedBytes) {
        int[] blocks = new int[1];
        check(
                "cuOccupancyMaxActiveBlocksPerMultiprocessor",
                JCudaDriver.cuOccupancyMaxActiveBlocksPerMultiprocessor(
                        blocks, (FunctionHandle) function, threads, sharedBytes));
        return blocks[0];
    }

    @Override
    public void launch(
            Function function,
            int gridX,
            int gridY,
            int threads,
            int sharedBytes,
            Stream stream,
            MemorySegment... arguments) {
        Pointer parameters =
                Pointer.to(Arrays.stream(arguments).map(HostAddress::new).toArray(HostAddress[]::new));
        check(
                "cuLaunchKernel",
                JCudaDriver.cuLaunchKernel(
                        (FunctionHandle) function,
                        gridX,
                        gridY,
                        1,
                        threads,
                        1,
                        1,
                        sharedBytes,
                        (StreamHandle) stream,
                        parameters,
                        null));
    }
}
