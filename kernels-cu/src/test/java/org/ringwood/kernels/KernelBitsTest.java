package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.ringwood.kernels.AttentionCase.await;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The CPU's bits depend on nothing but the call. */
@Tag("every-vector-width")
class KernelBitsTest {
    /**
     * Cases with the checksum of their result. Every machine, vector width, number of threads and compiler has to find the same; only a
     * change of the kernel's arithmetic is a reason for new ones.
     */
    static Stream<Arguments> cases() {
        return Stream.of(
                Arguments.of(AttentionCase.causal(207, 80).withHeads(3, 1), 625842473L),
                Arguments.of(AttentionCase.causal(300, 64).withDeviation(4).withSoftcap(20), 2958950737L),
                Arguments.of(
                        AttentionCase.full(100, 131, 7).withDType(DType.BF16).withDimV(19), 2527963176L),
                Arguments.of(AttentionCase.full(2, 5000, 33).withHeads(4, 2).withDType(DType.F16), 3314089925L),
                Arguments.of(AttentionCase.full(3, 3000, 64).withHeads(12, 6), 4202885204L),
                Arguments.of(
                        AttentionCase.full(1, 3000, 256).withHeads(4, 2).withLayout(Layout.HEADS_FIRST), 2750777735L));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void bitsAreTheSameOnEveryMachine(AttentionCase attention, long expected) {
        assertThat(bits(attention, 1)).isEqualTo(expected);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void bitsDoNotDependOnThreads(AttentionCase attention, long expected) {
        for (int threads = 2; threads <= 5; threads++) {
            assertThat(bits(attention, threads)).as("%d threads", threads).isEqualTo(expected);
        }
    }

    @Test
    void bitsStayTheSameWhileTheCompilerWarmsUp() {
        AttentionCase attention = AttentionCase.causal(90, 20).withSoftcap(30);
        long first = bits(attention, 1);
        for (int run = 0; run < 400; run++) {
            assertThat(bits(attention, 1)).as("run %d", run).isEqualTo(first);
        }
    }

    /** Of all queries of a call, as long as they are many, or as long as they are few. */
    @ParameterizedTest
    @CsvSource({"130, 26", "12, 1", "12, 4"})
    void aRowsBitsDoNotDependOnItsCompany(int rows, int together) {
        AttentionCase all = AttentionCase.full(rows, 500, 24);
        try (Arena arena = Arena.ofShared();
                Device device = Devices.open(Devices.Kind.CPU, 2)) {
            AttentionCase.Tensors tensors = all.tensors(arena);
            SoftmaxState whole = tensors.newState(arena, device);
            await(device.kernels().attend(tensors.call(whole)));
            SoftmaxState parts = tensors.newState(arena, device);
            for (long row = 0; row < rows; row += together) {
                await(device.kernels()
                        .attend(new AttentionCall(
                                tensors.queries().rows(row, row + together),
                                tensors.keys(),
                                tensors.values(),
                                Positions.range(row, row + together),
                                Positions.range(0, 500),
                                List.of(Slice.full(0, rows, 0, 500)),
                                tensors.scale(),
                                0,
                                parts.slice(row, row + together),
                                Cancellation.NEVER)));
            }
            assertThat(parts.memory().mismatch(whole.memory())).isEqualTo(-1);
        }
    }

    private static long bits(AttentionCase attention, int threads) {
        try (Arena arena = Arena.ofShared();
                Device device = Devices.open(Devices.Kind.CPU, threads)) {
            AttentionCase.Tensors tensors = attention.tensors(arena);
            SoftmaxState state = tensors.newState(arena, device);
            await(device.kernels().attend(tensors.call(state)));
            AttentionCase.Result result = tensors.finish(arena, device, state);
            CRC32C sum = new CRC32C();
            sum.update(state.memory().toArray(ValueLayout.JAVA_BYTE));
            sum.update(result.lse().memory().toArray(ValueLayout.JAVA_BYTE));
            return sum.getValue();
        }
    }
}
