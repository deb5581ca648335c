package org.ringwood.examples.minilm;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.ringwood.attention.schedule.RingAttention;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;

/**
 * Writes the queries, keys and values that one layer of the model makes of a real text, as F16 safetensors of shape
 * {@code [tokens, 12, 32]}: {@code SampleMaker TEXT OUT.safetensors [layer] [tokens]}.
 *
 * <p>The text is cut into documents of the model's greatest length, since it knows no further positions; below the layer each
 * of them attends to itself.
 */
public final class SampleMaker {
    private SampleMaker() {}

    /** Writes the file. */
    public static void main(String[] args) throws Exception {
        Path text = Path.of(args[0]);
        Path out = Path.of(args[1]);
        int layer = args.length > 2 ? Integer.parseInt(args[2]) : 3;
        int tokens = args.length > 3 ? Integer.parseInt(args[3]) : 1024;
        WordPieceTokenizer tokenizer = new WordPieceTokenizer(Weights.resource("all-minilm-l6-v2-tokenizer.json"));
        List<int[]> parts = Corpus.split(tokenizer, Files.readString(text));
        Documents documents = Documents.pack(parts.subList(0, Math.min(parts.size(), tokens / Corpus.LONGEST)));
        PackedEncoder encoder = new PackedEncoder(Weights.load(), documents);
        Map<String, byte[]> tensors = new LinkedHashMap<>();
        LocalRanks.run(1, group -> {
            try (Device device = Devices.open(Devices.Kind.CPU, 1)) {
                return encoder.encode(group, device, new RingAttention(), (at, queries, keys, values) -> {
                    if (at == layer) {
                        tensors.put("q", halves(queries));
                        tensors.put("k", halves(keys));
                        tensors.put("v", halves(values));
                    }
                });
            }
        });
        write(out, tensors, documents.tokens());
        System.out.printf("%s: layer %d of %d tokens, cut at %s%n", out, layer, documents.tokens(), documents.bounds());
    }

    private static byte[] halves(Matrix matrix) {
        ByteBuffer halves = ByteBuffer.allocate(matrix.rows() * matrix.columns() * Short.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < matrix.rows(); row++) {
            for (int i = 0; i < matrix.columns(); i++) {
                halves.putShort(Float.floatToFloat16(matrix.get(row, i)));
            }
        }
        return halves.array();
    }

    private static void write(Path out, Map<String, byte[]> tensors, long tokens) throws IOException {
        Map<String, Object> header = new LinkedHashMap<>();
        long offset = 0;
        for (Map.Entry<String, byte[]> tensor : tensors.entrySet()) {
            long end = offset + tensor.getValue().length;
            header.put(
                    tensor.getKey(),
                    Map.of(
                            "dtype", "F16",
                            "shape", List.of(tokens, Weights.HEADS, Weights.HEAD_DIM),
                            "data_offsets", List.of(offset, end)));
            offset = end;
        }
        String json = JSON.std.asString(header);
        byte[] padded = (json + " ".repeat(-json.length() & 7)).getBytes(StandardCharsets.US_ASCII);
        ByteBuffer file = ByteBuffer.allocate(Math.toIntExact(Long.BYTES + padded.length + offset))
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(padded.length)
                .put(padded);
        tensors.values().forEach(file::put);
        Files.write(out, file.array());
    }
}
