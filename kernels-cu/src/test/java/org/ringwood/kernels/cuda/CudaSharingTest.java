package org.ringwood.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.ringwood.kernels.AttentionCase;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.DeviceMemory;
import org.ringwood.kernels.DeviceSharing;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Tensor;

/** Memory of a GPU that processes share, as far as one process can tell: jobs of several are tested where there are workers. */
class CudaSharingTest {
    private Emulation emulation;

    @BeforeEach
    void share() {
        emulation = TestGpu.emulation();
        emulation.set("shared", 1);
    }

    @AfterEach
    void relent() {
        if (emulation != null) {
            emulation.set("shared", 0);
            emulation.set("deferred", 0);
        }
    }

    private static DeviceSharing sharing(Device device) {
        return device.memory().flatMap(DeviceMemory::sharing).orElseThrow();
    }

    @Test
    void bytesAreCopiedWithinTheDevice() {
        emulation.set("deferred", 1);
        try (Arena arena = Arena.ofShared();
                Device device = Devices.open(Devices.Kind.CUDA, 1)) {
            DeviceMemory memory = device.memory().orElseThrow();
            byte[] content = new byte[5000];
            new Random(3).nextBytes(content);
            MemorySegment host = arena.allocate(content.length, 64).copyFrom(MemorySegment.ofArray(content));
            MemorySegment from = sharing(device).allocate(content.length);
            MemorySegment to = memory.allocate(content.length);
            AttentionCase.await(memory.upload(bytes(host), bytes(from)));
            AttentionCase.await(sharing(device).copy(from, to));
            MemorySegment back = arena.allocate(content.length, 64);
            AttentionCase.await(memory.download(bytes(to), bytes(back)));
            assertThat(back.mismatch(host)).isEqualTo(-1);
            memory.free(from);
            memory.free(to);
        }
    }

    private static Tensor bytes(MemorySegment memory) {
        return Tensor.dense(memory, DType.F32, memory.byteSize() / 4, 1, 1);
    }

    @Test
    void whatIsNotOnTheDeviceIsNotCopied() {
        try (Arena arena = Arena.ofShared();
                Device device = Devices.open(Devices.Kind.CUDA, 1)) {
            DeviceSharing sharing = sharing(device);
            MemorySegment there = sharing.allocate(8);
            assertThatThrownBy(() -> sharing.copy(arena.allocate(8), there))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("8 bytes in space HOST can't be copied to 8 bytes in space DEVICE");
            assertThatThrownBy(() -> sharing.copy(there.asSlice(0, 4), there))
                    .hasMessageContaining("4 bytes in space DEVICE can't be copied to 8 bytes");
        }
    }

    /** As a driver does; and a handle that is none. */
    @Test
    void aProcessOpensWhatOthersExport() {
        try (Device device = Devices.open(Devices.Kind.CUDA, 1)) {
            DeviceSharing sharing = sharing(device);
            byte[] own = sharing.export(sharing.allocate(100));
            assertThat(own).hasSize(DeviceSharing.HANDLE_BYTES);
            assertThatThrownBy(() -> sharing.open(own, 100))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining(
                            "cuda:0, emulation on the CPU, no GPU: the opening of 100 bytes of another process: "
                                    + "cuIpcOpenMemHandle answers CUDA_ERROR_INVALID_CONTEXT");
            assertThatThrownBy(() -> sharing.open(new byte[DeviceSharing.HANDLE_BYTES], 100))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("CUDA_ERROR_INVALID_VALUE");
        }
    }

    @Test
    void aDriverWithoutHandlesSaysSo() {
        emulation.set("shared", 0);
        try (Device device = Devices.open(Devices.Kind.CUDA, 1)) {
            DeviceSharing sharing = sharing(device);
            MemorySegment memory = sharing.allocate(100);
            assertThatThrownBy(() -> sharing.export(memory))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("cuIpcGetMemHandle answers CUDA_ERROR_NOT_SUPPORTED");
        }
    }

    @Test
    void sharingCanBeTurnedOff() {
        System.setProperty("org.ringwood.kernels.cuda.ipc", "false");
        try (Device device = Devices.open(Devices.Kind.CUDA, 1)) {
            assertThat(device.memory().flatMap(DeviceMemory::sharing)).isEmpty();
        } finally {
            System.clearProperty("org.ringwood.kernels.cuda.ipc");
        }
    }
}
