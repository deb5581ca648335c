package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The CPU's bits of gradients depend on nothing but the call. */
@Tag("every-vector-width")
class GradientBitsTest {
    /** Cases with the checksum of their gradients; see {@link KernelBitsTest}. */
    static Stream<Arguments> cases() {
        return Stream.of(
                Arguments.of(
                        AttentionCase.causal(2500, 24)
                                .withHeads(3, 1)
                                .withDimV(40)
                                .withSoftcap(20),
                        2397597551L),
                Arguments.of(AttentionCase.full(70, 301, 128).withHeads(3, 2).withDType(DType.BF16), 2355806708L),
                Arguments.of(AttentionCase.causal(207, 256).withDimV(7), 1264308772L));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void bitsDependOnNeitherMachineNorThreadsNorTime(AttentionCase attention, long expected) {
        for (int threads = 1; threads <= 4; threads++) {
            assertThat(bits(attention, threads)).as("%d threads", threads).isEqualTo(expected);
        }
    }

    private static long bits(AttentionCase attention, int threads) {
        try (Device device = Devices.open(Devices.Kind.CPU, threads);
                Arena arena = Arena.ofShared()) {
            GradientCase.Tensors tensors = new GradientCase(attention).tensors(arena, device);
            tensors.attend(device, 0, attention.keys());
            CRC32C crc = new CRC32C();
            for (Tensor gradients :
                    List.of(tensors.queryGradients(), tensors.keyGradients(), tensors.valueGradients())) {
                crc.update(gradients.memory().asSlice(0, gradients.denseBytes()).asByteBuffer());
            }
            return crc.getValue();
        }
    }
}
