package org.ringwood.runtime.job;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.kernels.DType;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.tensors.Layout;
import org.ringwood.runtime.tensors.TensorShape;

class InputsTest {
    private static final String MADE_UP = "attention: {mask: full}\ninput: {random: {tokens: 6, heads: 1, dim: 2}}\n";

    @TempDir
    private Path directory;

    private Job job(String text, String... settings) {
        return JobFile.parse(text, directory.resolve("job.yaml"), List.of(settings), Map.of());
    }

    private Job npyJob(String... settings) {
        return job("attention: {mask: full}\ninput: {q: q.npy, k: k.npy, v: v.npy}\n", settings);
    }

    /** An {@code .npy} file of zeros. */
    private void npy(String name, String descr, int elementBytes, long... axes) throws IOException {
        StringBuilder shape = new StringBuilder("(");
        long bytes = elementBytes;
        for (long axis : axes) {
            shape.append(axis).append(", ");
            bytes *= axis;
        }
        byte[] header =
                ("{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ")}").getBytes(ISO_8859_1);
        byte[] file = new byte[10 + header.length + (int) bytes];
        ByteBuffer.wrap(file)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0})
                .putShort((short) header.length)
                .put(header);
        Files.write(directory.resolve(name), file);
    }

    @Test
    void knowsSizesOfBatches() throws IOException {
        npy("q.npy", "<f4", 4, 2, 6, 5, 8);
        npy("k.npy", "<f4", 4, 2, 3, 7, 8);
        npy("v.npy", "<f4", 4, 2, 3, 7, 4);
        Job job = npyJob("input.layout=bhtd", "attention.mask={causal: true}", "output=out.npy");
        try (Inputs inputs = Inputs.open(job)) {
            assertThat(inputs.shape()).isEqualTo(new AttentionShape(10, 14, 6, 3, 8, 4, DType.F32));
            assertThat(inputs.batch()).isEqualTo(2);
            assertThat(inputs.outputShape()).isEqualTo(new TensorShape(DType.F32, Layout.BHTD, 2, 5, 6, 4));
            assertThat(inputs.scale()).isEqualTo((float) (1 / Math.sqrt(8)));
            assertThat(inputs.output("n")).isPresent();
            Mask mask = inputs.mask();
            // Query 0 of an item stands at position 2 of 7 and sees 3 keys; query 4 sees all 7.
            assertThat(mask.area()).isEqualTo(2 * (3 + 4 + 5 + 6 + 7));
        }
    }

    @Test
    void windowsAndDocumentsCombine() {
        String mask = "{causal: true, window: {left: 1, right: 5, sinks: 1}, documents: [0, 4, 4, 6]}";
        Job job = job(MADE_UP, "attention.mask=" + mask);
        try (Inputs inputs = Inputs.open(job)) {
            // Rows see 1, 2, 3 (one a sink) and 3 keys, and in the last document 1 and 2.
            assertThat(inputs.mask().area()).isEqualTo(12);
        }
    }

    @Test
    void listsMayBeFiles() throws IOException {
        Files.writeString(directory.resolve("cu.yaml"), "- 0\n- 4\n- 6\n");
        Files.writeString(directory.resolve("cu.json"), "[0, 4, 6]");
        Files.writeString(directory.resolve("bad.json"), "[0, 4,\n x]");
        npy("cu.npy", "<i4", 4, 3);
        patch("cu.npy", 0, 4, 6);
        npy("slices.npy", "<i4", 4, 2, 5);
        patch("slices.npy", 0, 2, 0, 6, 0, 2, 6, 0, 6, 1);

        for (String file : List.of("cu.yaml", "cu.json", "cu.npy")) {
            Job job = job(MADE_UP, "attention.mask={documents: " + file + "}");
            try (Inputs inputs = Inputs.open(job)) {
                assertThat(inputs.mask().area()).isEqualTo(16 + 4);
            }
            assertThat(JobFile.parse(job.text(), Path.of("/x.yaml"), List.of(), Map.of()))
                    .isEqualTo(job);
        }
        Job job = job(MADE_UP, "attention.mask={slices: slices.npy}");
        try (Inputs inputs = Inputs.open(job)) {
            assertThat(inputs.mask().area()).isEqualTo(12 + 3 + 4 + 5 + 6);
        }
        assertThatThrownBy(() -> job(MADE_UP, "attention.mask={documents: bad.json}"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("bad.json:2: attention.mask.documents must be a list of whole numbers");
        patch("slices.npy", 0, 2, 0, 6, 4);
        assertThatThrownBy(() -> job(MADE_UP, "attention.mask={slices: slices.npy}"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("slices.npy has a slice of kind 4: give 0 to 3, which are full, causal");
    }

    /** Sets the first elements of a file of i32. */
    private void patch(String name, int... values) throws IOException {
        Path file = directory.resolve(name);
        byte[] content = Files.readAllBytes(file);
        ByteBuffer bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        int data = 10 + bytes.getShort(8);
        for (int i = 0; i < values.length; i++) {
            bytes.putInt(data + 4 * i, values[i]);
        }
        Files.write(file, content);
    }

    @Test
    void theDigestSeesWhatListFilesSay() throws IOException {
        Path file = directory.resolve("cu.json");
        String text = "attention: {mask: {documents: cu.json}}\ninput: {random: {tokens: 6, heads: 1, dim: 2}}\n";
        Files.writeString(file, "[0, 4, 6]");
        Job one = job(text);
        Files.writeString(file, "[0, 5, 6]");
        Job other = job(text);
        assertThat(one.text()).isEqualTo(other.text());
        assertThat(one.digest()).isNotEqualTo(other.digest());
    }

    @Test
    void refusesInputsThatDisagree() throws IOException {
        npy("q.npy", "<f4", 4, 5, 4, 8);
        npy("k.npy", "<f4", 4, 7, 2, 8);
        npy("v.npy", "<f4", 4, 7, 2, 8);
        Inputs.open(npyJob()).close();

        refuses("element types", "k.npy", "<f2", 2, 7, 2, 8);
        refuses("numbers of axes", "v.npy", "<f4", 4, 1, 7, 2, 8);
        refuses("tokens of k and v", "v.npy", "<f4", 4, 6, 2, 8);
        refuses("heads of k and v", "v.npy", "<f4", 4, 7, 1, 8);
        refuses("head dims of q and k", "k.npy", "<f4", 4, 7, 2, 9);
        refuses("heads: k has more than q", "q.npy", "<f4", 4, 5, 1, 8);
        npy("v.npy", "<f4", 4, 7, 2, 257);
        assertThatThrownBy(() -> Inputs.open(npyJob()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("v.npy is thd[7, 2, 257] of F32, but heads may have at most 256 elements");
    }

    private void refuses(String what, String name, String descr, int elementBytes, long... axes) throws IOException {
        byte[] before = Files.readAllBytes(directory.resolve(name));
        npy(name, descr, elementBytes, axes);
        assertThatThrownBy(() -> Inputs.open(npyJob("input.layout=bthd")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("the inputs disagree in their " + what)
                .hasMessageContaining(name)
                .message()
                .doesNotContain("\n");
        Files.write(directory.resolve(name), before);
    }

    @Test
    void refusesMasksThatDoNotFit() {
        String text = "attention: {mask: full}\ninput: {random: {tokens: 6, queries: 4, heads: 1, dim: 2}}\n";
        for (String mask : List.of(
                "{documents: [0, 2, 6]}",
                "{queryDocuments: [0, 4], keyDocuments: [0, 7]}",
                "{slices: [[0, 4, 0, 7, full]]}",
                "{slices: [[0, 4, 0, 6, full], [3, 4, 5, 6, full]]}")) {
            try (Inputs inputs = Inputs.open(job(text, "attention.mask=" + mask))) {
                assertThatThrownBy(inputs::mask)
                        .as(mask)
                        .isInstanceOf(InputException.class)
                        .hasMessageContaining("attention.mask does not fit the inputs: ")
                        .message()
                        .doesNotContain("\n");
            }
        }
    }

    @Test
    void readsSafetensorsUnderOtherNames() throws IOException {
        String header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1],\"data_offsets\":[0,4]},"
                + "\"k\":{\"dtype\":\"F32\",\"shape\":[1,1,1],\"data_offsets\":[4,8]},"
                + "\"v\":{\"dtype\":\"F32\",\"shape\":[1,1,1],\"data_offsets\":[8,12]}}";
        byte[] bytes = new byte[8 + header.length() + 12];
        ByteBuffer.wrap(bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length())
                .put(header.getBytes(UTF_8));
        Files.write(directory.resolve("qkv.safetensors"), bytes);
        String text = "attention: {mask: full}\ninput: {tensors: qkv.safetensors}\n";
        Inputs.open(job(text, "input.names.q=a")).close();
        assertThatThrownBy(() -> Inputs.open(job(text)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("qkv.safetensors has no tensor \"q\" among its 3, [\"a\", \"k\", \"v\"]");
    }

    @Test
    void refusesMadeUpInputsBeyondAnyMemory() {
        Job job = job("attention: {mask: full}\ninput: {random: {tokens: 9223372036854775807, heads: 9, dim: 9}}\n");
        assertThatThrownBy(() -> Inputs.open(job))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("input.random");
    }
}
