package org.ringwood.runtime.tensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;
import org.ringwood.runtime.files.InputException;

class SafetensorsTest {
    @TempDir
    private Path directory;

    @Test
    void readsTensorsBesidesOthers() {
        String header = "{\"__metadata__\":{\"a\":\"b\"},"
                + "\"ids\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16]},"
                + "\"q\":{\"dtype\":\"BF16\",\"shape\":[2,1,2],\"data_offsets\":[16,24]},"
                + "\"empty\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[24,24]},"
                + "\"odd\":{\"dtype\":\"F6_E2M3\",\"shape\":[8],\"data_offsets\":[24,30]}}   ";
        byte[] bytes = Bytes.safetensors(header, 30);
        ByteBuffer data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 4; i++) {
            data.putShort(bytes.length - 30 + 16 + 2 * i, (short) (Float.floatToRawIntBits(i + 1) >>> 16));
        }
        Safetensors file = Safetensors.open(Bytes.file(directory, "a.safetensors", bytes));
        assertThat(file.names()).containsExactly("ids", "q", "empty", "odd");
        try (TensorSource source = file.tensor("q", Optional.empty());
                Arena arena = Arena.ofConfined()) {
            assertThat(source.shape()).isEqualTo(TensorShape.of(DType.BF16, 2, 1, 2));
            assertThat(source.name()).startsWith("\"q\" in ").endsWith("a.safetensors");
            Tensor row = Tensor.dense(arena.allocate(4), DType.BF16, 1, 1, 2);
            source.read(Positions.range(1, 2), 0, row);
            assertThat(row.get(0, 0, 0)).isEqualTo(3);
            assertThat(row.get(0, 0, 1)).isEqualTo(4);
        }
        assertThatThrownBy(() -> file.tensor("ids", Optional.empty()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("type \"I64\": save it as F32, F16 or BF16");
        assertThatThrownBy(() -> file.tensor("k\n", Optional.empty()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("no tensor \"k?\" among its 4, [\"ids\", \"q\"")
                .hasMessageContaining("input.names");
    }

    static List<Arguments> refusals() {
        return List.of(
                refusal(new byte[0], "has only 0 bytes"),
                refusal(new byte[7], "has only 7 bytes"),
                refusal(new byte[8], "claims a header of 0 bytes"),
                refusal(
                        new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, 0},
                        "claims a header of 18446744073709551615 bytes"),
                refusal(new byte[] {0, 0, 0, 0, 1, 0, 0, 0, 0}, "claims a header of 4294967296 bytes in a file of 9"),
                refusal(new byte[] {3, 0, 0, 0, 0, 0, 0, 0, '{', '}'}, "claims a header of 3 bytes in a file of 10"),
                refusal(Bytes.safetensors("[]", 0), "no JSON object"),
                refusal(Bytes.safetensors("{}x", 0), "no valid JSON"),
                refusal(Bytes.safetensors("{}{}", 0), "something behind the JSON"),
                refusal(Bytes.safetensors("{\"a\"", 0), "no valid JSON"),
                refusal(Bytes.safetensors("{}", 4), "4 bytes behind its last tensor"),
                refusal(Bytes.safetensors("{\"q\":" + "[".repeat(100_000), 0), "is no object"),
                refusal(Bytes.safetensors("{\"__metadata__\":" + "[".repeat(100_000), 0), "no valid JSON", "nesting"),
                refusal(Bytes.safetensors("{\"q\":1}", 0), "\"q\" in ", "is no object"),
                refusal(Bytes.safetensors("{\"q\":{}}", 0), "lacks dtype, shape or two data_offsets"),
                refusal(tensor("\"F32\"", "[1,1,1]", "[0]", 4), "lacks dtype, shape or two data_offsets"),
                refusal(tensor("7", "[1,1,1]", "[0,4]", 4), "dtype that is no string"),
                refusal(tensor("\"F32\"", "4", "[0,4]", 4), "no list"),
                refusal(tensor("\"F32\"", "[1,1,1.0]", "[0,4]", 4), "something that is no 64-bit number"),
                refusal(tensor("\"F32\"", "[1,1,99999999999999999999]", "[0,4]", 4), "no 64-bit number"),
                refusal(tensor("\"F32\"", "[1,1,-1]", "[0,4]", 4), "has a negative number"),
                refusal(tensor("\"F32\"", "[1,1,2]", "[0,4]", 4), "the shape [1, 1, 2] of F32, but 4 bytes of data"),
                refusal(tensor("\"F32\"", "[4294967296,4294967296,1]", "[0,0]", 0), "but 0 bytes of data"),
                refusal(tensor("\"F32\"", "[1,1,1]", "[4,8]", 8), "lies at bytes 4 to 8 of 8, but 0 is where"),
                refusal(tensor("\"F32\"", "[1,1,1]", "[0,4]", 3), "lies at bytes 0 to 4 of 3"),
                refusal(tensor("\"F32\"", "[1,1,1]", "[0,4]", 5), "1 bytes behind its last tensor"),
                refusal(tensor("\"X\"", "[1,1,1]", "[4,0]", 0), "lies at bytes 4 to 0"),
                refusal(
                        Bytes.safetensors(
                                "{\"q\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                                        + "\"k\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[2,6]}}",
                                6),
                        "\"k\"",
                        "lies at bytes 2 to 6 of 6, but 4 is where it must begin"),
                refusal(
                        Bytes.safetensors(
                                "{\"q\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},"
                                        + "\"q\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
                                0),
                        "no valid JSON",
                        "Duplicate"),
                refusal(new byte[] {4, 0, 0, 0, 0, 0, 0, 0, '{', (byte) 0xc3, (byte) 0x28, '}'}, "not UTF-8"));
    }

    private static byte[] tensor(String dtype, String shape, String offsets, int dataBytes) {
        return Bytes.safetensors(
                "{\"q\":{\"dtype\":" + dtype + ",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}}",
                dataBytes);
    }

    private static Arguments refusal(byte[] file, String... messageParts) {
        return Arguments.of(file, List.of(messageParts));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void refusesInOneSentenceThatNamesTheFile(byte[] bytes, List<String> messageParts) {
        Path file = Bytes.file(directory, "bad.safetensors", bytes);
        assertThatThrownBy(() -> Safetensors.open(file))
                .isInstanceOf(InputException.class)
                .message()
                .contains(file.toString())
                .contains(messageParts)
                .doesNotContain("\n");
    }
}
