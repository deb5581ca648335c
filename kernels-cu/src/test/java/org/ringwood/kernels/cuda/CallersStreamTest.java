package org.ringwood.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.AttentionCase;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.DeviceMemory;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;

/**
 * A caller's stream and the device wait for each other, and the host for neither. Work is done when somebody waits for it and not before: what an event does not order
 * has not happened.
 */
class CallersStreamTest {
    private static final AttentionCase CASE =
            AttentionCase.causal(150, 64).withHeads(2, 1).withDType(DType.BF16);

    private Emulation emulation;

    @BeforeEach
    void defer() {
        emulation = TestGpu.emulation();
        emulation.set("deferred", 1);
    }

    @AfterEach
    void relent() {
        if (emulation != null) {
            emulation.set("deferred", 0);
        }
    }

    private static Tensor blank(OnDevice there, Tensor like) {
        return there.copy(Tensor.dense(
                Arena.ofAuto().allocate(like.denseBytes(), 64), like.dtype(), like.tokens(), like.heads(), like.dim()));
    }

    @Test
    void kernelsReadWhatTheCallersStreamWrites() {
        try (Arena arena = Arena.ofShared();
                Device device = Devices.open(Devices.Kind.CUDA, 1);
                OnDevice there = new OnDevice(device.memory().orElseThrow());
                CallersStream trainer = new CallersStream()) {
            AttentionCase.Tensors tensors = CASE.tensors(arena);
            SoftmaxState expected = tensors.newState(arena, device);
            AttentionCase.await(device.kernels().attend(tensors.call(expected)));
            SoftmaxState state = there.copy(tensors.newState(arena, device));
            AttentionCall call = OnDevice.call(
                    tensors.call(state),
                    blank(there, tensors.queries()),
                    blank(there, tensors.keys()),
                    blank(there, tensors.values()),
                    state);
            trainer.upload(content(tensors.queries()), call.queries().memory());
            trainer.upload(content(tensors.keys()), call.keys().memory());
            trainer.upload(content(tensors.values()), call.values().memory());
            device.memory().orElseThrow().after(trainer.handle());
            AttentionCase.await(device.kernels().attend(call));
            assertThat(there.content(arena, state).mismatch(expected.memory())).isEqualTo(-1);
        }
    }

    /** Of two streams, which are waited for alike. */
    @Test
    void copiesComeAfterCallersStreams() {
        try (Arena arena = Arena.ofShared();
                Device device = Devices.open(Devices.Kind.CUDA, 1);
                OnDevice there = new OnDevice(device.memory().orElseThrow());
                CallersStream one = new CallersStream();
                CallersStream other = new CallersStream()) {
            DeviceMemory memory = device.memory().orElseThrow();
            AttentionCase.Tensors tensors = CASE.tensors(arena);
            Tensor queries = blank(there, tensors.queries());
            Tensor keys = blank(there, tensors.keys());
            one.upload(content(tensors.queries()), queries.memory());
            other.upload(content(tensors.keys()), keys.memory());
            memory.after(one.handle());
            memory.after(other.handle());
            for (Tensor[] pair : new Tensor[][] {{tensors.queries(), queries}, {tensors.keys(), keys}}) {
                Tensor back = blank(arena, pair[0]);
                AttentionCase.await(memory.download(pair[1], back));
                assertThat(back.memory().mismatch(content(pair[0]))).isEqualTo(-1);
            }
            one.upload(content(tensors.keys()), keys.memory());
            memory.after(one.handle());
            AttentionCase.await(memory.upload(blank(arena, tensors.keys()), keys));
            one.synchronize();
            Tensor back = blank(arena, tensors.keys());
            AttentionCase.await(memory.download(keys, back));
            assertThat(back.memory().mismatch(blank(arena, tensors.keys()).memory()))
                    .as("the upload comes last")
                    .isEqualTo(-1);
        }
    }

    private static MemorySegment content(Tensor dense) {
        return dense.memory().asSlice(0, dense.denseBytes());
    }

    private static Tensor blank(Arena arena, Tensor like) {
        return Tensor.dense(
                arena.allocate(like.denseBytes(), 64), like.dtype(), like.tokens(), like.heads(), like.dim());
    }

    /** The caller reads results in its stream, and overwrites operands there. */
    @Test
    void theCallersStreamComesAfterKernels() throws Exception {
        try (Arena arena = Arena.ofShared();
                Device device = Devices.open(Devices.Kind.CUDA, 1);
                OnDevice there = new OnDevice(device.memory().orElseThrow());
                CallersStream trainer = new CallersStream()) {
            AttentionCase.Tensors tensors = CASE.tensors(arena);
            SoftmaxState expected = tensors.newState(arena, device);
            AttentionCase.await(device.kernels().attend(tensors.call(expected)));
            SoftmaxState state = there.copy(tensors.newState(arena, device));
            AttentionCall call = there.call(tensors.call(state), state);
            CountDownLatch seen = new CountDownLatch(1);
            holdEnds(device, state, seen);
            Future<?> attended = device.kernels().attend(call);
            device.memory().orElseThrow().before(trainer.handle());
            MemorySegment result = trainer.download(state.memory());
            trainer.upload(blank(arena, tensors.keys()).memory(), call.keys().memory());
            trainer.synchronize();
            assertThat(result.mismatch(expected.memory())).isEqualTo(-1);
            seen.countDown();
            attended.get();
        }
    }

    /** Keeps the thread that waits for the ends of calls, so that none waits for those that follow. */
    private static void holdEnds(Device device, SoftmaxState state, CountDownLatch until) {
        CompletableFuture<?> cleared = (CompletableFuture<?>) device.kernels().clear(state);
        CompletableFuture<?> _ = cleared.thenRun(() -> {
            try {
                assertThat(until.await(1, TimeUnit.MINUTES)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
    }
}
