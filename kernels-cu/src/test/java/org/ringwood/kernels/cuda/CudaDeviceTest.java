package org.ringwood.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.AttentionCase;
import org.ringwood.kernels.Cancellation;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.DeviceFullException;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.pool.CpuList;

/** What a GPU does besides computing right: it is chosen, runs full, gets lost, gives back what it took. */
class CudaDeviceTest {
    private static final String IMAGES = "org.ringwood.kernels.cuda.images";
    private static final AttentionCase SMALL = AttentionCase.causal(70, 20).withHeads(2, 1);

    private static Device open(int localRank) {
        return Devices.open(Devices.Kind.CUDA, new Devices.Share(1, CpuList.NONE, localRank, OptionalLong.empty()));
    }

    private static SoftmaxState attend(Arena arena, Device device, AttentionCase attention) {
        AttentionCase.Tensors tensors = attention.tensors(arena);
        SoftmaxState state = tensors.newState(arena, device);
        AttentionCase.await(device.kernels().attend(tensors.call(state)));
        return state;
    }

    @Test
    void autoTakesItAndSaysSo() {
        TestGpu.device();
        try (Device device = Devices.open(Devices.Kind.AUTO, 3)) {
            assertThat(device.kind()).isEqualTo(Devices.Kind.CUDA);
            assertThat(device.choice()).isEqualTo("the fastest device here");
            assertThat(device.description()).startsWith("cuda:0, ");
        }
    }

    @Test
    void theEmulationSaysWhatItIs() {
        TestGpu.emulation();
        assertThat(TestGpu.device().description()).isEqualTo("cuda:0, emulation on the CPU, no GPU");
    }

    @Test
    void processesOfANodeTakeItsDevicesInTurn() {
        Emulation emulation = TestGpu.emulation();
        emulation.set("devices", 3);
        try (Device device = open(5)) {
            assertThat(device.description()).startsWith("cuda:2, ");
            assertThat(SMALL.judge(device).holds()).isTrue();
        } finally {
            emulation.set("devices", 1);
        }
    }

    @Test
    void withoutADeviceAutoTakesTheCpuAndSaysWhy() {
        Emulation emulation = TestGpu.emulation();
        emulation.set("devices", 0);
        try (Device device = Devices.open(Devices.Kind.AUTO, 3)) {
            assertThat(device.kind()).isEqualTo(Devices.Kind.CPU);
            assertThat(device.threads()).isEqualTo(3);
            assertThat(device.choice()).isEqualTo("no CUDA device: the NVIDIA driver has no device");
            assertThatThrownBy(() -> open(0))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessage("no CUDA device: the NVIDIA driver has no device; take device cpu");
        } finally {
            emulation.set("devices", 1);
        }
    }

    @Test
    void aBuildWithoutKernelsForTheDeviceIsNamed(@TempDir Path empty) {
        TestGpu.device();
        String usual = System.getProperty(IMAGES);
        System.setProperty(IMAGES, empty.toString());
        try {
            assertThatThrownBy(() -> open(0))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("this build has no CUDA kernels for compute capability ");
        } finally {
            restore(usual);
        }
    }

    private static void restore(String images) {
        if (images == null) {
            System.clearProperty(IMAGES);
        } else {
            System.setProperty(IMAGES, images);
        }
    }

    @Test
    void kernelsThatTheDriverCannotLoadAreNamed(@TempDir Path folder) throws Exception {
        Emulation emulation = TestGpu.emulation();
        Files.write(folder.resolve("states.sm_90.cubin"), new byte[] {0x7f, 'E', 'L', 'F'});
        String usual = System.getProperty(IMAGES);
        System.setProperty(IMAGES, folder.toString());
        emulation.set("version", 12040);
        try {
            assertThatThrownBy(() -> open(0))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining(
                            "which is for CUDA 12.4, can't load the kernels of this build (cuModuleLoadData"
                                    + " answers CUDA_ERROR_NO_BINARY_FOR_GPU)");
        } finally {
            emulation.set("version", 13000);
            restore(usual);
        }
    }

    @Test
    void everythingIsGivenBack() {
        Emulation emulation = TestGpu.emulation();
        int before = emulation.held();
        try (Device device = open(0)) {
            assertThat(SMALL.judge(device).holds()).isTrue();
            assertThat(AttentionCase.full(1, 1500, 64)
                            .withDType(DType.F16)
                            .judge(device)
                            .holds())
                    .isTrue();
            assertThat(emulation.held()).isGreaterThan(before);
        }
        assertThat(emulation.held()).isEqualTo(before);
    }

    /** Each call of the driver that opening makes fails once. */
    @Test
    void whatWasOpenedIsGivenBackWhereOpeningFails() {
        Emulation emulation = TestGpu.emulation();
        int before = emulation.held();
        int calls = 0;
        for (boolean opened = false; !opened; calls++) {
            emulation.set("failing call", calls + 1);
            try (Device device = open(0)) {
                opened = emulation.get("failing call") > 0;
                emulation.set("failing call", 0);
                assertThat(opened).as("%s opens though a call fails", device).isTrue();
            } catch (UnsupportedOperationException refused) {
                assertThat(refused).hasMessageContaining("the NVIDIA driver");
            } finally {
                emulation.set("failing call", 0);
            }
            assertThat(emulation.held()).as("held after call %d failed", calls).isEqualTo(before);
        }
        assertThat(calls).as("calls that open a device").isGreaterThan(30);
    }

    @Test
    void nothingIsHeldForThreadsThatCannotStart() {
        Emulation emulation = TestGpu.emulation();
        int before = emulation.held();
        Devices.Share elsewhere = new Devices.Share(1, new CpuList(List.of(8191)), 0, OptionalLong.empty());
        assertThatThrownBy(() -> Devices.open(Devices.Kind.CUDA, elsewhere))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("8191");
        assertThat(emulation.held()).isEqualTo(before);
    }

    @Test
    void aFullDeviceSaysWhatWasAskedAndWhatIsFreeAndWorksOn() {
        Emulation emulation = TestGpu.emulation();
        try (Arena arena = Arena.ofShared();
                Device device = open(0)) {
            emulation.set("memory", 64 << 20);
            AttentionCase.Tensors tensors = AttentionCase.full(50_000, 1, 256).tensors(arena);
            SoftmaxState state = tensors.newState(arena, device);
            Future<?> call = device.kernels().attend(tensors.call(state));
            assertThatThrownBy(call::get)
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOf(DeviceFullException.class)
                    .hasMessageContaining("cuda:0")
                    .hasMessageContaining("attention of queries F32[50000, 1, 256]")
                    .hasMessageMatching("(?s).*it has no \\d+ MiB of memory more: \\d+ MiB of 64 MiB are free; give.*");
            assertThat(SMALL.judge(device).holds()).isTrue();
        } finally {
            emulation.set("memory", 4L << 30);
        }
    }

    @Test
    void aLostDeviceIsNamedAndNotAskedAgain() {
        Emulation emulation = TestGpu.emulation();
        try (Arena arena = Arena.ofShared();
                Device device = open(0)) {
            AttentionCase.Tensors tensors = SMALL.tensors(arena);
            SoftmaxState state = tensors.newState(arena, device);
            emulation.set("failing launches", 1);
            Future<?> call = device.kernels().attend(tensors.call(state));
            assertThatThrownBy(call::get)
                    .cause()
                    .isInstanceOf(CudaException.class)
                    .hasMessageContaining("attention of queries F32[70, 2, 20]")
                    .hasMessageContaining("CUDA_ERROR_LAUNCH_FAILED")
                    .hasMessageEndingWith("and the device is lost to this process; start it anew");
            emulation.set("failing launches", 0);
            Future<?> next = device.kernels().merge(state, state);
            assertThatThrownBy(next::get)
                    .cause()
                    .hasMessageContaining("the merge of states [70, 2, 20] can't run, as this process lost the device");
        } finally {
            emulation.set("failing launches", 0);
        }
    }

    /** Work that is only done when somebody waits for it shows where nobody does. */
    @Test
    void nothingIsReadBeforeItIsThere() {
        Emulation emulation = TestGpu.emulation();
        try (Arena arena = Arena.ofShared();
                Device device = open(0)) {
            for (AttentionCase attention : List.of(
                    SMALL, AttentionCase.full(2, 3000, 64).withDType(DType.BF16), AttentionCase.full(300, 90, 65))) {
                SoftmaxState eager = attend(arena, device, attention);
                emulation.set("deferred", 1);
                SoftmaxState deferred = attend(arena, device, attention);
                assertThat(deferred.memory().mismatch(eager.memory()))
                        .as("%s", attention)
                        .isEqualTo(-1);
                assertThat(attention.judge(device).holds()).as("%s", attention).isTrue();
                emulation.set("deferred", 0);
            }
        } finally {
            emulation.set("deferred", 0);
        }
    }

    /** The slower a device, the smaller the portions in which it is asked: here some keys and some rows at a time. */
    @Test
    void portionsOfACallAreTheCall() {
        Emulation emulation = TestGpu.emulation();
        emulation.set("kilohertz", 100);
        try (Device device = open(0)) {
            for (DType dtype : DType.values()) {
                AttentionCase attention =
                        AttentionCase.causal(500, 64).withHeads(2, 1).withDType(dtype);
                assertThat(attention.judge(device).holds()).as("%s", attention).isTrue();
            }
        } finally {
            emulation.set("kilohertz", 10_000);
        }
    }

    @Test
    void aCallIsCancelledBetweenPortions() {
        Emulation emulation = TestGpu.emulation();
        emulation.set("kilohertz", 100);
        try (Arena arena = Arena.ofShared();
                Device device = open(0)) {
            AttentionCase.Tensors tensors = AttentionCase.full(500, 500, 64).tensors(arena);
            SoftmaxState state = tensors.newState(arena, device);
            AtomicInteger asked = new AtomicInteger();
            AttentionCase.await(device.kernels().attend(cancelled(tensors, state, () -> asked.incrementAndGet() < 0)));
            int questions = asked.getAndSet(0);
            assertThat(questions).as("one for each of some portions").isGreaterThan(20);
            // The last question is behind the last portion.
            Future<?> call =
                    device.kernels().attend(cancelled(tensors, state, () -> asked.incrementAndGet() == questions - 1));
            assertThatThrownBy(call::get).isInstanceOf(CancellationException.class);
            assertThat(asked).hasValue(questions - 1);
        } finally {
            emulation.set("kilohertz", 10_000);
        }
    }

    private static AttentionCall cancelled(
            AttentionCase.Tensors tensors, SoftmaxState state, Cancellation cancellation) {
        AttentionCall call = tensors.call(state);
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
                state,
                cancellation);
    }

    @Test
    void theSameCallGivesTheSameBits() {
        Device device = TestGpu.device();
        try (Arena arena = Arena.ofShared()) {
            for (AttentionCase attention : List.of(
                    AttentionCase.causal(300, 64),
                    AttentionCase.full(1, 5000, 128).withDType(DType.F16))) {
                SoftmaxState first = attend(arena, device, attention);
                for (int i = 0; i < 3; i++) {
                    assertThat(attend(arena, device, attention).memory().mismatch(first.memory()))
                            .as("%s", attention)
                            .isEqualTo(-1);
                }
            }
        }
    }

    @Test
    void aClosedDeviceTakesNoCall() {
        TestGpu.device();
        Device device = open(0);
        device.close();
        assertThatThrownBy(() -> SMALL.judge(device))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("the device is closed");
    }
}
