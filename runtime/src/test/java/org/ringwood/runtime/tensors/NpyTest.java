package org.ringwood.runtime.tensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;
import org.ringwood.runtime.files.InputException;

class NpyTest {
    /** {@code numpy.arange(12, dtype='<f4').reshape(2, 3, 2) - 5.5}, as NumPy 2.4 wrote it. */
    private static final String NUMPY_F32 =
            "934e554d5059010076007b276465736372273a20273c6634272c2027666f727472616e5f6f7264657227"
                    + "3a2046616c73652c20277368617065273a2028322c20332c2032292c207d202020202020202020202020"
                    + "202020202020202020202020202020202020202020202020202020202020202020202020202020202020"
                    + "200a0000b0c0000090c0000060c0000020c00000c0bf000000bf0000003f0000c03f0000204000006040"
                    + "000090400000b040";
    /** The same as f16, format 2.0. */
    private static final String NUMPY_F16 =
            "934e554d50590200740000007b276465736372273a20273c6632272c2027666f727472616e5f6f726465"
                    + "72273a2046616c73652c20277368617065273a2028322c20332c2032292c207d20202020202020202020"
                    + "202020202020202020202020202020202020202020202020202020202020202020202020202020202020"
                    + "200a80c580c400c300c100be00b80038003e0041004380448045";
    /** {@code numpy.array([0, 3, 3, 9], dtype='<i8')}, format 3.0. */
    private static final String NUMPY_I64 =
            "934e554d50590300740000007b276465736372273a20273c6938272c2027666f727472616e5f6f726465"
                    + "72273a2046616c73652c20277368617065273a2028342c292c207d202020202020202020202020202020"
                    + "202020202020202020202020202020202020202020202020202020202020202020202020202020202020"
                    + "200a0000000000000000030000000000000003000000000000000900000000000000";

    @TempDir
    private Path directory;

    @Test
    void readsWhatNumPyWrites() {
        for (String hex : List.of(NUMPY_F32, NUMPY_F16)) {
            Path file = Bytes.file(directory, "a.npy", HexFormat.of().parseHex(hex));
            try (TensorSource source = Npy.open(file, Optional.empty());
                    Arena arena = Arena.ofConfined()) {
                DType dtype = hex.equals(NUMPY_F32) ? DType.F32 : DType.F16;
                assertThat(source.shape()).isEqualTo(TensorShape.of(dtype, 2, 3, 2));
                Tensor whole = Tensor.dense(arena.allocate(48), dtype, 2, 3, 2);
                source.read(Positions.range(0, 2), 0, whole);
                for (int i = 0; i < 12; i++) {
                    assertThat(whole.get(i / 6, i / 2 % 3, i % 2)).isEqualTo(i - 5.5f);
                }
            }
        }
    }

    @Test
    void readsWholeNumbers() {
        Path longs = Bytes.file(directory, "cu.npy", HexFormat.of().parseHex(NUMPY_I64));
        assertThat(Npy.wholeNumbers(longs, 0)).containsExactly(0, 3, 3, 9);
        byte[] table = Bytes.npy("{'descr': '<i4', 'fortran_order': False, 'shape': (2, 5)}", 40);
        table[table.length - 4] = 3;
        assertThat(Npy.wholeNumbers(Bytes.file(directory, "slices.npy", table), 5))
                .containsExactly(0, 0, 0, 0, 0, 0, 0, 0, 0, 3);
    }

    @Test
    void writesTheHeaderThatNumPyWrites() {
        byte[] numPy = HexFormat.of().parseHex(NUMPY_F32);
        assertThat(Npy.header(DType.F32, List.of(2L, 3L, 2L))).hasSize(128).isEqualTo(Arrays.copyOf(numPy, 128));
    }

    static List<Arguments> refusals() {
        return List.of(
                refusal(new byte[0], "is no .npy file: save it with numpy.save"),
                refusal(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1}, "is no .npy file"),
                refusal(new byte[64], "is no .npy file"),
                refusal(Bytes.npy(4, new byte[4], 0), "has .npy version 4, but only 1 to 3 are known"),
                refusal(header("'<f8'", "False", "(1, 1, 1)", 8), "\"<f8\": save it as 32-bit floats, astype('<f4')"),
                refusal(header("'>f4'", "False", "(1, 1, 1)", 4), "big-endian, save it little-endian, astype('<f4')"),
                refusal(header("'>f2'", "False", "(1, 1, 1)", 2), "astype('<f2')"),
                refusal(header("'|V2'", "False", "(1, 1, 1)", 2), "if these are bfloat16, save them as safetensors"),
                refusal(header("'<i8'", "False", "(1, 1, 1)", 8), "save 32- or 16-bit floats"),
                refusal(header("[('a', '<f4'), ('b]', '<f4')]", "False", "(1, 1, 1)", 8), "holds structured elements"),
                refusal(header("'<f4'", "True", "(1, 1, 1)", 4), "is in Fortran order: save numpy.ascontiguousarray"),
                refusal(header("'<f4'", "False", "(4,)", 16), "has the shape [4]: give it three axes"),
                refusal(header("'<f4'", "False", "()", 4), "has the shape []: give it three axes"),
                refusal(header("'<f4'", "False", "(1, 1, 1, 1)", 4), "has four axes", "input.layout: bthd or bhtd"),
                refusal(header("'<f4'", "False", "(1, 1, 1, 1, 1)", 4), "give it three axes"),
                refusal(header("'<f4'", "False", "(0, 2, 3)", 0), "has the shape [0, 2, 3], which is empty"),
                refusal(
                        header("'<f4'", "False", "(2, 2, 2)", 31),
                        "has 31 bytes of data, but its header promises",
                        "32"),
                refusal(header("'<f4'", "False", "(2, 2, 2)", 33), "has 33 bytes of data"),
                refusal(
                        header("'<f4'", "False", "(4294967296, 4294967296, 1)", 0),
                        "promises [4294967296, 4294967296, 1]",
                        "more bytes than 64 bits count"),
                refusal(header("'<f4'", "False", "(999999999999999999, 1, 1)", 4), "has 4 bytes of data"),
                refusal(header("'<f4'", "False", "(9999999999999999999, 1, 1)", 4), "more than 18 digits"),
                refusal(header("'<f4'", "False", "(-1, 1, 1)", 4), "malformed header (expected a whole number"),
                refusal(header("'<f4'", "False", "(1, 1, 1", 4), "malformed header"),
                refusal(header("'<f4'", "0", "(1, 1, 1)", 4), "malformed header (expected a string, True, False"),
                refusal(header("'<f4", "False", "(1, 1, 1)", 4), "malformed header"),
                refusal(header("[[[[", "False", "(1, 1, 1)", 4), "malformed header"),
                refusal(Bytes.npy("{'descr': '<f4', 'shape': (1, 1, 1)}", 4), "without descr, fortran_order and shape"),
                refusal(Bytes.npy("{'descr': '<f4', 'descr': '<f4'}", 4), "a key occurs twice"),
                refusal(Bytes.npy("", 0), "malformed header (expected {"),
                refusal(
                        Bytes.npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1)} x", 4),
                        "expected nothing more"),
                refusal(
                        new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) 0xff, (byte) 0xff},
                        "is truncated"),
                refusal(
                        new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, -1, -1, -1, -1},
                        "claims a header of 4294967295 bytes"),
                refusal(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, 1}, "is truncated"),
                refusal(Bytes.npy(3, new byte[] {'{', (byte) 0xc3, (byte) 0x28, '}'}, 0), "not UTF-8 text"),
                refusal(Bytes.npy(1, "[".repeat(60_000).getBytes(StandardCharsets.UTF_8), 0), "malformed header"),
                refusal(header("'<f4'", "False", "(1, 70000, 1)", 280_000), "1 items with 70000 heads of 1 elements"));
    }

    private static byte[] header(String descr, String fortran, String shape, int dataBytes) {
        return Bytes.npy(
                "{'descr': " + descr + ", 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n", dataBytes);
    }

    private static Arguments refusal(byte[] file, String... messageParts) {
        return Arguments.of(file, List.of(messageParts));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void refusesInOneSentenceThatNamesTheFile(byte[] bytes, List<String> messageParts) {
        Path file = Bytes.file(directory, "bad.npy", bytes);
        assertThatThrownBy(() -> Npy.open(file, Optional.empty()))
                .isInstanceOf(InputException.class)
                .message()
                .contains(file.toString())
                .contains(messageParts)
                .doesNotContain("\n");
    }

    @Test
    void refusesFilesThatAreNotThere() {
        assertThatThrownBy(() -> Npy.open(directory.resolve("none.npy"), Optional.empty()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("none.npy does not exist");
        assertThatThrownBy(() -> Npy.open(directory, Optional.empty()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("is a directory");
    }

    /** To open a pipe would wait for its writer for ever. */
    @Test
    @Timeout(60)
    void refusesPipes() throws Exception {
        Path pipe = directory.resolve("pipe.npy");
        new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor();
        assertThat(pipe).exists();
        assertThatThrownBy(() -> Npy.open(pipe, Optional.empty()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("pipe.npy is a pipe or a device: name an ordinary file");
    }

    @Test
    void refusesOtherThanWholeNumbers() {
        Path floats = Bytes.file(directory, "f.npy", header("'<f4'", "False", "(3,)", 12));
        Path square = Bytes.file(directory, "s.npy", header("'<i8'", "False", "(2, 2)", 32));
        assertThatThrownBy(() -> Npy.wholeNumbers(floats, 0))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("save whole numbers (astype('<i8')) of shape [n]");
        assertThatThrownBy(() -> Npy.wholeNumbers(square, 0)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> Npy.wholeNumbers(square, 5))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("[n, 5]");
        Path lying = Bytes.file(directory, "l.npy", header("'<i8'", "False", "(500000000,)", 32));
        assertThatThrownBy(() -> Npy.wholeNumbers(lying, 0))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("truncated or damaged");
    }
}
