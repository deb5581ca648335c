package org.ringwood.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.AttentionCase;
import org.ringwood.kernels.AttentionKernels;
import org.ringwood.kernels.Cancellation;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.DeviceFullException;
import org.ringwood.kernels.DeviceMemory;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Layout;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Space;
import org.ringwood.kernels.Tensor;

/** Tensors and states that stay on the device: the same bits as with the host's, which the oracle judges elsewhere, and no byte more over the bus than asked for. */
class ResidentOperandsTest {
    private static final String UP = "bytes to device";
    private static final String DOWN = "bytes to host";

    private static DeviceMemory memory(Device device) {
        return device.memory().orElseThrow();
    }

    private static void assertSameBits(Device device, AttentionCase attention) {
        try (Arena arena = Arena.ofShared();
                OnDevice there = new OnDevice(memory(device))) {
            AttentionKernels kernels = device.kernels();
            AttentionCase.Tensors tensors = attention.tensors(arena);
            SoftmaxState host = tensors.newState(arena, device);
            AttentionCase.await(kernels.attend(tensors.call(host)));
            AttentionCase.Result expected = tensors.finish(arena, device, host);

            SoftmaxState resident = there.like(host);
            AttentionCase.await(kernels.clear(resident));
            AttentionCase.await(kernels.attend(there.call(tensors.call(resident), resident)));
            assertThat(there.content(arena, resident).mismatch(host.memory()))
                    .as("state of %s", attention)
                    .isEqualTo(-1);
            Tensor out = there.copy(expected.out());
            Tensor lse = there.like(expected.lse());
            AttentionCase.await(kernels.finish(resident, out, lse));
            assertSameElements(attention, arena, device, out, expected.out());
            assertSameElements(attention, arena, device, lse, expected.lse());
        }
    }

    /** Downloads into every layout in turn; gaps are left alone. */
    private static void assertSameElements(Object what, Arena arena, Device device, Tensor there, Tensor expected) {
        for (Layout layout : Layout.values()) {
            Tensor here = layout.allocate(arena, there.dtype(), there.tokens(), there.heads(), there.dim());
            AttentionCase.await(memory(device).download(there, here));
            for (long token = 0; token < here.tokens(); token++) {
                for (int head = 0; head < here.heads(); head++) {
                    for (int i = 0; i < here.dim(); i++) {
                        assertThat(here.get(token, head, i))
                                .as("%s, %s: token %d, head %d, element %d", what, layout, token, head, i)
                                .isEqualTo(expected.get(token, head, i));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void everyLayoutOfEveryDtype(Layout layout) {
        Device device = TestGpu.device();
        for (DType dtype : DType.values()) {
            assertSameBits(
                    device,
                    AttentionCase.causal(107, 24)
                            .withHeads(4, 2)
                            .withDimV(13)
                            .withDType(dtype)
                            .withLayout(layout));
            assertSameBits(
                    device,
                    AttentionCase.full(3, 900, 24)
                            .withHeads(6, 3)
                            .withDimV(16)
                            .withDType(dtype)
                            .withLayout(layout));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void randomCases(long seed) {
        Random random = new Random(seed);
        int queries = 1 + random.nextInt(200);
        int keys = 1 + random.nextInt(300);
        int highest = random.nextInt(2 * keys) - keys / 2;
        int heads = 1 + random.nextInt(5);
        assertSameBits(
                TestGpu.device(),
                AttentionCase.full(queries, keys, 1 + random.nextInt(90))
                        .withSlices(List.of(new Slice(0, queries, 0, keys, highest - random.nextInt(keys), highest)))
                        .withHeads(heads, 1 + random.nextInt(heads))
                        .withDimV(1 + random.nextInt(90))
                        .withDType(any(random, DType.values()))
                        .withLayout(any(random, Layout.values()))
                        .withSeed(seed));
    }

    private static <T> T any(Random random, T[] values) {
        return values[random.nextInt(values.length)];
    }

    /** Each of queries, keys, values and state is on either side. */
    @Test
    void operandsOfBothSpacesMix() {
        Device device = TestGpu.device();
        AttentionCase attention = AttentionCase.causal(90, 20).withHeads(2, 1);
        try (Arena arena = Arena.ofShared();
                OnDevice there = new OnDevice(memory(device))) {
            AttentionCase.Tensors tensors = attention.tensors(arena);
            SoftmaxState expected = tensors.newState(arena, device);
            AttentionCall call = tensors.call(expected);
            AttentionCase.await(device.kernels().attend(call));
            for (int which = 0; which < 16; which++) {
                SoftmaxState cleared = tensors.newState(arena, device);
                SoftmaxState state = (which & 1) == 0 ? cleared : there.copy(cleared);
                AttentionCase.await(device.kernels()
                        .attend(OnDevice.call(
                                call,
                                (which & 2) == 0 ? call.queries() : there.copy(call.queries()),
                                (which & 4) == 0 ? call.keys() : there.copy(call.keys()),
                                (which & 8) == 0 ? call.values() : there.copy(call.values()),
                                state)));
                MemorySegment result = state.space() == Space.HOST ? state.memory() : there.content(arena, state);
                assertThat(result.mismatch(expected.memory()))
                        .as("operands %d on the device", which)
                        .isEqualTo(-1);
            }
        }
    }

    @Test
    void mergesAndCopiesInEitherSpace() {
        Device device = TestGpu.device();
        try (Arena arena = Arena.ofShared();
                OnDevice there = new OnDevice(memory(device))) {
            AttentionCase.Tensors tensors =
                    AttentionCase.full(30, 60, 20).withHeads(3, 1).tensors(arena);
            SoftmaxState first = tensors.newState(arena, device);
            SoftmaxState second = tensors.newState(arena, device);
            AttentionCase.await(device.kernels().attend(tensors.call(first, 0, 31)));
            AttentionCase.await(device.kernels().attend(tensors.call(second, 31, 60)));
            SoftmaxState residentFirst = there.copy(first);
            SoftmaxState alsoFirst = there.copy(first);
            AttentionCase.await(device.kernels().merge(residentFirst, there.copy(second)));
            AttentionCase.await(device.kernels().merge(alsoFirst, second));
            AttentionCase.await(device.kernels().merge(first, second));
            for (SoftmaxState merged : List.of(residentFirst, alsoFirst)) {
                assertThat(there.content(arena, merged).mismatch(first.memory()))
                        .isEqualTo(-1);
            }
            for (Layout source : Layout.values()) {
                for (Layout target : Layout.values()) {
                    Tensor from = source.random(arena, DType.F16, 40, 3, 5, 1, new Random(1));
                    Tensor resident = there.copy(from);
                    Tensor to = there.copy(target.allocate(arena, DType.F16, 40, 3, 5));
                    AttentionCase.await(device.kernels().copy(resident, to));
                    assertSameElements(source + " to " + target, arena, device, to, from);
                    AttentionCase.await(device.kernels().copy(from, resident));
                    Tensor back = target.allocate(arena, DType.F16, 40, 3, 5);
                    AttentionCase.await(device.kernels().copy(resident, back));
                    assertSameElements(source + " to " + target, arena, device, there.copy(back), from);
                }
            }
        }
    }

    /** So large that it is staged in many pieces, and cut among threads. */
    @ParameterizedTest
    @EnumSource(Layout.class)
    void largeTensorsThereAndBack(Layout layout) {
        TestGpu.device();
        try (Arena arena = Arena.ofShared();
                Device device = Devices.open(Devices.Kind.CUDA, 1);
                OnDevice there = new OnDevice(memory(device))) {
            Tensor from = layout.allocate(arena, DType.F32, 5003, 3, 250);
            for (long token = 0; token < from.tokens(); token++) {
                for (int head = 0; head < from.heads(); head++) {
                    from.set(token, head, (int) (token % 250), (float) (token * 3 + head));
                }
            }
            Tensor dense = Layout.DENSE.allocate(arena, DType.F32, 5003, 3, 250);
            AttentionCase.await(device.kernels().copy(from, dense));
            for (Tensor resident : List.of(there.copy(from), there.copy(dense))) {
                Tensor back = Layout.DENSE.allocate(arena, DType.F32, 5003, 3, 250);
                AttentionCase.await(memory(device).download(resident, back));
                assertThat(back.memory()
                                .asSlice(0, back.denseBytes())
                                .mismatch(dense.memory().asSlice(0, back.denseBytes())))
                        .isEqualTo(-1);
            }
        }
    }

    @Test
    void onlyWhatIsAskedForGoesOverTheBus() {
        Emulation emulation = TestGpu.emulation();
        AttentionCase attention = AttentionCase.causal(300, 64).withHeads(4, 2);
        try (Arena arena = Arena.ofShared();
                Device device = Devices.open(Devices.Kind.CUDA, 1);
                OnDevice there = new OnDevice(memory(device))) {
            AttentionCase.Tensors tensors = attention.tensors(arena);
            SoftmaxState state = there.like(tensors.newState(arena, device));
            AttentionCase.await(device.kernels().clear(state));
            long up = emulation.get(UP);
            AttentionCall call = there.call(tensors.call(state), state);
            assertThat(emulation.get(UP) - up)
                    .as("the operands, once")
                    .isEqualTo(tensors.queries().denseBytes()
                            + tensors.keys().denseBytes()
                            + tensors.values().denseBytes());
            up = emulation.get(UP);
            long down = emulation.get(DOWN);
            AttentionCase.await(device.kernels().attend(call));
            AttentionCase.await(device.kernels().attend(call));
            assertThat(emulation.get(UP) - up).as("what the launches are told").isBetween(1L, 4096L);
            // The module's table of block shapes is read once.
            assertThat(emulation.get(DOWN) - down).isLessThan(1024);
            up = emulation.get(UP);
            down = emulation.get(DOWN);
            AttentionCase.await(device.kernels().sink(state, new float[4]));
            assertThat(emulation.get(UP) - up).as("a logit for each head").isEqualTo(4 * Float.BYTES);
            assertThat(emulation.get(DOWN) - down).isZero();
            AttentionCase.Result result = tensors.finish(arena, device, state);
            assertThat(emulation.get(DOWN) - down)
                    .isEqualTo(result.out().denseBytes() + result.lse().denseBytes());
        }
    }

    /** Work that is only done when somebody waits for it: a call whose future is done has left its result on the device, and copies see it. */
    @Test
    void aFutureIsDoneWhenTheDeviceIs() {
        Emulation emulation = TestGpu.emulation();
        try (Device device = Devices.open(Devices.Kind.CUDA, 1)) {
            emulation.set("deferred", 1);
            assertSameBits(device, AttentionCase.causal(120, 64).withHeads(2, 1));
            assertSameBits(device, AttentionCase.full(1, 2000, 64).withDType(DType.BF16));
        } finally {
            emulation.set("deferred", 0);
        }
    }

    /** A cancelled call is over when its future says so: what a copy then writes to its state stays. */
    @Test
    void aCancelledCallTouchesNothingAfterwards() {
        Emulation emulation = TestGpu.emulation();
        emulation.set("kilohertz", 100);
        emulation.set("deferred", 1);
        try (Arena arena = Arena.ofShared();
                Device device = Devices.open(Devices.Kind.CUDA, 1);
                OnDevice there = new OnDevice(memory(device))) {
            AttentionCase.Tensors tensors = AttentionCase.full(300, 300, 64).tensors(arena);
            SoftmaxState host = tensors.newState(arena, device);
            SoftmaxState state = there.copy(host);
            AttentionCall call = there.call(tensors.call(state), state);
            for (int questions = 4; questions < 20; questions += 5) {
                int[] left = {questions};
                Future<?> attend = device.kernels().attend(cancelled(call, () -> --left[0] < 0));
                assertThatThrownBy(attend::get).isInstanceOf(CancellationException.class);
                AttentionCase.await(memory(device).upload(host.records(), state.records()));
                // This waits for all kernels.
                AttentionCase.await(device.kernels().clear(tensors.newState(arena, device)));
                assertThat(there.content(arena, state).mismatch(host.memory()))
                        .as("cancelled after %d questions", questions)
                        .isEqualTo(-1);
            }
        } finally {
            emulation.set("deferred", 0);
            emulation.set("kilohertz", 10_000);
        }
    }

    private static AttentionCall cancelled(AttentionCall call, Cancellation cancellation) {
        return new AttentionCall(
                call.queries(),
                call.keys(),
                call.values(),
                call.queryPositions(),
                call.keyPositions(),
                call.slices(),
                call.scale(),
                call.softcap(),
                call.dropout(),
                call.state(),
                cancellation);
    }

    @Test
    void memoryIsTheDevicesAndRunsOut() {
        Emulation emulation = TestGpu.emulation();
        int before = emulation.held();
        try (Device device = Devices.open(Devices.Kind.CUDA, 1)) {
            DeviceMemory memory = memory(device);
            MemorySegment segment = memory.allocate(1000);
            assertThat(Space.of(segment)).isEqualTo(Space.DEVICE);
            assertThat(Space.of(segment.asSlice(10))).isEqualTo(Space.DEVICE);
            assertThat(Space.of(MemorySegment.NULL)).isEqualTo(Space.HOST);
            assertThat(segment.byteSize()).isEqualTo(1000);
            assertThat(segment.address() % 256).isZero();
            assertThatThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(WrongThreadException.class);
            memory.free(segment);
            assertThatThrownBy(() -> memory.free(segment))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("free what was allocated, once");
            emulation.set("memory", 64 << 20);
            assertThatThrownBy(() -> memory.allocate(100 << 20))
                    .isInstanceOf(DeviceFullException.class)
                    .hasMessageContaining("cuda:0")
                    .hasMessageContaining("an allocation of 104857600 bytes")
                    .hasMessageMatching("(?s).*it has no \\d+ MiB of memory more: \\d+ MiB of 64 MiB are free; give.*");
            memory.allocate(1 << 20);
        } finally {
            emulation.set("memory", 4L << 30);
        }
        assertThat(emulation.held())
                .as("what was not freed goes with the device")
                .isEqualTo(before);
    }

    @Test
    void copiesOfTheWrongSpaceAreRefused() {
        Device device = TestGpu.device();
        try (Arena arena = Arena.ofShared();
                OnDevice there = new OnDevice(memory(device))) {
            Tensor host = Layout.DENSE.allocate(arena, DType.F32, 4, 2, 3);
            Tensor resident = there.like(host);
            assertThatThrownBy(() -> memory(device).upload(host, host))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("from HOST to DEVICE");
            assertThatThrownBy(() -> memory(device).download(host, resident))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> memory(device).upload(host.rows(0, 3), resident))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("can't be copied to");
        }
    }
}
