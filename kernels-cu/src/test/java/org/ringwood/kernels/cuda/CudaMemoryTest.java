package org.ringwood.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.ringwood.kernels.AttentionCase;
import org.ringwood.kernels.Cancellation;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.DeviceFullException;
import org.ringwood.kernels.DeviceMemory;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Tensor;
import org.ringwood.kernels.pool.CpuList;

/** The memory of a GPU: copies that are given up, and a budget. */
class CudaMemoryTest {
    private static final long PIECES = 12;

    enum Direction {
        UPLOAD("bytes to device") {
            @Override
            Future<?> start(DeviceMemory memory, Tensor host, Tensor resident, Cancellation cancellation) {
                return memory.upload(host, resident, cancellation);
            }
        },
        DOWNLOAD("bytes to host") {
            @Override
            Future<?> start(DeviceMemory memory, Tensor host, Tensor resident, Cancellation cancellation) {
                return memory.download(resident, host, cancellation);
            }
        };

        private final String count;

        Direction(String count) {
            this.count = count;
        }

        abstract Future<?> start(DeviceMemory memory, Tensor host, Tensor resident, Cancellation cancellation);
    }

    /** A tensor of so many pieces that copies stage. */
    private static Tensor large(Arena arena) {
        long tokens = PIECES * Staging.PIECE_BYTES / DType.F32.bytes() / 64;
        return Tensor.dense(arena.allocate(PIECES * Staging.PIECE_BYTES, 64), DType.F32, tokens, 1, 64);
    }

    @ParameterizedTest
    @EnumSource
    void aCancelledCopyEndsBeforeItsNextPiece(Direction direction) {
        Emulation emulation = TestGpu.emulation();
        try (Arena arena = Arena.ofShared();
                Device device = Devices.open(Devices.Kind.CUDA, 1);
                OnDevice there = new OnDevice(device.memory().orElseThrow())) {
            Tensor host = large(arena);
            Tensor resident = there.like(host);
            AtomicInteger asked = new AtomicInteger();
            long before = emulation.get(direction.count);
            Future<?> copy =
                    direction.start(device.memory().orElseThrow(), host, resident, () -> asked.incrementAndGet() >= 3);
            assertThatThrownBy(copy::get)
                    .isInstanceOf(CancellationException.class)
                    .hasRootCauseMessage("the copy was cancelled");
            assertThat(emulation.get(direction.count) - before)
                    .as("two pieces, and what is on the way meanwhile")
                    .isLessThanOrEqualTo(6L * Staging.PIECE_BYTES);
            AttentionCase.await(direction.start(device.memory().orElseThrow(), host, resident, Cancellation.NEVER));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aDeviceThatClosesEndsCopies(Direction direction) throws InterruptedException {
        Emulation emulation = TestGpu.emulation();
        try (Arena arena = Arena.ofShared()) {
            Tensor host = large(arena);
            Device device = Devices.open(Devices.Kind.CUDA, 1);
            Tensor resident = new OnDevice(device.memory().orElseThrow()).like(host);
            CountDownLatch asked = new CountDownLatch(1);
            CountDownLatch closing = new CountDownLatch(1);
            long before = emulation.get(direction.count);
            Future<?> copy = direction.start(device.memory().orElseThrow(), host, resident, () -> {
                asked.countDown();
                return !awaits(closing);
            });
            assertThat(awaits(asked)).isTrue();
            Thread closer = Thread.ofPlatform().start(device::close);
            awaitRefusal(direction, device.memory().orElseThrow(), host.rows(0, 1), resident.rows(0, 1));
            closing.countDown();
            assertThatThrownBy(copy::get)
                    .isInstanceOf(CancellationException.class)
                    .hasRootCauseMessage("the device was closed");
            assertThat(closer.join(Duration.ofMinutes(1))).isTrue();
            assertThat(emulation.get(direction.count) - before)
                    .as("the first pieces, and what is on the way meanwhile")
                    .isLessThanOrEqualTo(6L * Staging.PIECE_BYTES);
        }
    }

    private static boolean awaits(CountDownLatch latch) {
        try {
            return latch.await(1, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Until the device takes no copy more. */
    private static void awaitRefusal(Direction direction, DeviceMemory memory, Tensor host, Tensor resident) {
        while (true) {
            try {
                Future<?> _ = direction.start(memory, host, resident, Cancellation.NEVER);
                LockSupport.parkNanos(1_000_000);
            } catch (IllegalStateException closed) {
                return;
            }
        }
    }

    @Test
    void aBudgetIsKeptAndNamed() {
        TestGpu.device();
        Devices.Share share = new Devices.Share(1, CpuList.NONE, 0, OptionalLong.of(8 << 20));
        try (Device device = Devices.open(Devices.Kind.CUDA, share)) {
            DeviceMemory memory = device.memory().orElseThrow();
            assertThat(device.description()).endsWith(", at most 8 MiB");
            memory.free(memory.allocate(6 << 20));
            assertThat(Stream.generate(() -> memory.allocate(1 << 20)).limit(8)).hasSize(8);
            assertThatThrownBy(() -> memory.allocate(1))
                    .isInstanceOf(DeviceFullException.class)
                    .hasMessageContaining("of a budget of 8 MiB 0 MiB are left; give");
        }
    }
}
