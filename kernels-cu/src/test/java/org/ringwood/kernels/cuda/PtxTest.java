package org.ringwood.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What nvcc made of the kernels: the instructions that they are written for are there, and slow ones are not. */
class PtxTest {
    private static final List<String> DIMS_OF_16_BITS = List.of("64", "96", "128", "192", "256");
    private static final List<String> DIMS_OF_F32 = List.of("64", "128", "192", "256");
    private static final List<String> DIMS_OF_DROPOUT = List.of("64", "128", "256");

    /** The code of each kernel of a module. */
    private static List<String> kernels(String module) throws IOException {
        try (InputStream ptx = KernelImages.class.getResourceAsStream("images/" + module + ".ptx")) {
            if (ptx == null) {
                return abort("this build has no CUDA kernels: nvcc was missing, or ringwood.cuda.skip given");
            }
            String text = new String(ptx.readAllBytes(), StandardCharsets.UTF_8);
            return Arrays.stream(text.split("\\.visible \\.entry ")).skip(1).toList();
        }
    }

    private static String name(String kernel) {
        return kernel.substring(0, kernel.indexOf('('));
    }

    private static List<String> names(String module, List<String> dims) {
        List<String> uses = module.startsWith("attend") ? List.of("many", "few") : List.of("queries", "keys", "values");
        return (module.contains("dropout") ? DIMS_OF_DROPOUT : dims)
                .stream()
                        .flatMap(dim -> uses.stream().map(use -> module + "_d" + dim + "_" + use))
                        .toList();
    }

    @ParameterizedTest
    @CsvSource({
        "attend,f16",
        "attend,bf16",
        "attend_dropout,f16",
        "attend_dropout,bf16",
        "gradient,f16",
        "gradient,bf16",
        "gradient_dropout,f16",
        "gradient_dropout,bf16"
    })
    void tensorCoresGetTheirOperandsByLdmatrix(String what, String type) throws IOException {
        String module = what + "_" + type;
        List<String> kernels = kernels(module);
        assertThat(kernels)
                .extracting(PtxTest::name)
                .containsExactlyInAnyOrderElementsOf(names(module, DIMS_OF_16_BITS));
        assertThat(kernels)
                .allSatisfy(kernel -> assertThat(kernel)
                        .contains("mma.sync.aligned.m16n8k16.row.col.f32." + type + "." + type + ".f32 ")
                        .contains("ldmatrix.sync.aligned.m8n8.x4.shared.b16 ")
                        .contains("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"attend_f32", "attend_dropout_f32", "gradient_f32", "gradient_dropout_f32"})
    void f32IsNotRoundedForTensorCores(String module) throws IOException {
        List<String> kernels = kernels(module);
        assertThat(kernels).extracting(PtxTest::name).containsExactlyInAnyOrderElementsOf(names(module, DIMS_OF_F32));
        assertThat(kernels)
                .allSatisfy(kernel -> assertThat(kernel)
                        .contains("fma.rn.f32 ", "ld.shared.v4.f32 ")
                        .doesNotContain("mma.sync"));
    }

    /** 16 bytes at a time; what is not aligned for that goes an element at a time, and the rest are records of f32 and plans of words. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "attend_f16",
                "attend_bf16",
                "attend_f32",
                "attend_dropout_f16",
                "attend_dropout_bf16",
                "attend_dropout_f32",
                "gradient_f16",
                "gradient_bf16",
                "gradient_f32",
                "gradient_dropout_f16",
                "gradient_dropout_bf16",
                "gradient_dropout_f32"
            })
    void tilesTravelByAsynchronousCopies(String module) throws IOException {
        assertThat(kernels(module))
                .allSatisfy(kernel -> assertThat(kernel.lines().map(String::strip))
                        .filteredOn(line -> line.startsWith("cp.async.cg"))
                        .isNotEmpty()
                        .allMatch(line -> line.matches("cp\\.async\\.cg\\.shared\\.global \\[.*], \\[.*], 16, .*")))
                .allSatisfy(kernel -> assertThat(kernel).contains("cp.async.wait_all;"));
    }

    /** Bits of gradients depend on no order but that of rows: what is atomic adds numbers that are not finite, and those of 16 bits alone. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "gradient_f16",
                "gradient_bf16",
                "gradient_f32",
                "gradient_dropout_f16",
                "gradient_dropout_bf16",
                "gradient_dropout_f32",
                "gradients"
            })
    void sumsAreNotAtomic(String module) throws IOException {
        int most = module.matches(".*16") ? 4 : 0;
        assertThat(kernels(module))
                .allSatisfy(kernel -> assertThat(
                                kernel.lines().map(String::strip).filter(line -> line.matches("(atom|red)\\..*")))
                        .hasSizeLessThanOrEqualTo(most));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "attend_f16",
                "attend_bf16",
                "attend_f32",
                "attend_dropout_f16",
                "attend_dropout_bf16",
                "attend_dropout_f32",
                "states",
                "gradient_f16",
                "gradient_bf16",
                "gradient_f32",
                "gradient_dropout_f16",
                "gradient_dropout_bf16",
                "gradient_dropout_f32",
                "gradients"
            })
    void nothingIsReadByteByByteOrKeptInLocalMemory(String module) throws IOException {
        assertThat(kernels(module))
                .isNotEmpty()
                .allSatisfy(kernel -> assertThat(kernel)
                        .doesNotContainPattern("(ld|st)\\.(global|shared)[.a-z0-9]*\\.[usb]8")
                        .doesNotContainPattern("(ld|st)\\.local|\\.local "));
    }
}
