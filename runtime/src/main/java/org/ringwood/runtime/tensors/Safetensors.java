package org.ringwood.runtime.tensors;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.ringwood.kernels.DType;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.files.Shown;

/**
 * A safetensors file whose header was checked: its tensors tile the file behind the header without gap or overlap, as the
 * format demands.
 */
public final class Safetensors {
    /** What the reference implementation allows. */
    private static final long MOST_HEADER_BYTES = 100_000_000;

    private static final int LENGTH_BYTES = 8;
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(16).build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final Map<String, DType> TENSORS = Map.of("F32", DType.F32, "F16", DType.F16, "BF16", DType.BF16);
    private static final Map<String, Integer> OTHER_BYTES = Map.ofEntries(
            Map.entry("BOOL", 1),
            Map.entry("U8", 1),
            Map.entry("I8", 1),
            Map.entry("F8_E4M3", 1),
            Map.entry("F8_E5M2", 1),
            Map.entry("I16", 2),
            Map.entry("U16", 2),
            Map.entry("I32", 4),
            Map.entry("U32", 4),
            Map.entry("I64", 8),
            Map.entry("U64", 8),
            Map.entry("F64", 8));

    private final Path file;
    private final long dataOffset;
    private final Map<String, Entry> entries;

    /** One tensor of the header, at bytes {@code [from, to)} behind it. */
    private record Entry(String dtype, List<Long> axes, long from, long to) {}

    private Safetensors(Path file, long dataOffset, Map<String, Entry> entries) {
        this.file = file;
        this.dataOffset = dataOffset;
        this.entries = entries;
    }

    /**
     * Reads and checks the header of a file.
     *
     * @throws InputException if the file is not there, is damaged or is no safetensors file
     */
    public static Safetensors open(Path file) {
        return HeaderFile.with(file, Safetensors::read);
    }

    /** Names of the tensors, in the order of the header. */
    public List<String> names() {
        return List.copyOf(entries.keySet());
    }

    /**
     * Opens a tensor.
     *
     * @param layout of tensors with four axes
     * @throws InputException if there is none of that name, or it holds something else
     */
    public TensorSource tensor(String name, Optional<Layout> layout) {
        String shown = Shown.quoted(name) + " in " + file;
        Entry entry = entry(name);
        DType dtype = TENSORS.get(entry.dtype());
        if (dtype == null) {
            throw new InputException(
                    shown + " holds elements of type " + Shown.quoted(entry.dtype()) + ": save it as F32, F16 or BF16");
        }
        TensorShape shape = Axes.shape(shown, dtype, entry.axes(), layout);
        return FileSource.open(file, shown, dataOffset + entry.from(), shape);
    }

    private Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            String present = entries.keySet().stream()
                    .limit(8)
                    .map(Shown::quoted)
                    .toList()
                    .toString();
            throw new InputException(file + " has no tensor " + Shown.quoted(name) + " among its " + entries.size()
                    + ", " + present + ": rename it with input.names");
        }
        return entry;
    }

    private static Safetensors read(HeaderFile start) throws IOException {
        Path file = start.file();
        if (start.size() < LENGTH_BYTES) {
            throw new InputException(file + " has only " + start.size() + " bytes, so it is no safetensors file");
        }
        long length = start.bytes(0, LENGTH_BYTES).getLong();
        if (length < 2 || length > MOST_HEADER_BYTES || length > start.size() - LENGTH_BYTES) {
            throw new InputException(
                    file + " claims a header of " + Long.toUnsignedString(length) + " bytes in a file of "
                            + start.size() + ": it is truncated or no safetensors file, write it again");
        }
        String text = text(file, start.bytes(LENGTH_BYTES, length));
        Map<String, Entry> entries;
        try (JsonParser json = JSON.createParser(text)) {
            entries = entries(file, json);
        } catch (JacksonException e) {
            throw new InputException(
                    file + " has a header that is no valid JSON ("
                            + Shown.quoted(
                                    Optional.ofNullable(e.getOriginalMessage()).orElse("malformed"))
                            + "): write it again",
                    e);
        }
        long dataOffset = LENGTH_BYTES + length;
        requireTiling(file, entries, start.size() - dataOffset);
        return new Safetensors(file, dataOffset, entries);
    }

    private static String text(Path file, ByteBuffer bytes) {
        try {
            return UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new InputException(file + " has a header that is not UTF-8: it is damaged, write it again", e);
        }
    }

    private static Map<String, Entry> entries(Path file, JsonParser json) throws IOException {
        Map<String, Entry> entries = new LinkedHashMap<>();
        if (json.nextToken() != JsonToken.START_OBJECT) {
            throw new InputException(file + " has a header that is no JSON object: it is no safetensors file");
        }
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            JsonToken value = json.nextToken();
            if (name.equals("__metadata__")) {
                json.skipChildren();
            } else if (value == JsonToken.START_OBJECT) {
                entries.put(name, entry(file, name, json));
            } else {
                throw malformed(file, name, "is no object");
            }
        }
        if (json.nextToken() != null) {
            throw new InputException(file + " has something behind the JSON of its header: write it again");
        }
        return entries;
    }

    private static Entry entry(Path file, String name, JsonParser json) throws IOException {
        @Nullable String dtype = null;
        @Nullable List<Long> axes = null;
        @Nullable List<Long> offsets = null;
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String key = json.currentName();
            JsonToken value = json.nextToken();
            switch (key) {
                case "dtype" -> {
                    if (value != JsonToken.VALUE_STRING) {
                        throw malformed(file, name, "has a dtype that is no string");
                    }
                    dtype = json.getText();
                }
                case "shape" -> axes = numbers(file, name, json);
                case "data_offsets" -> offsets = numbers(file, name, json);
                default -> json.skipChildren();
            }
        }
        if (dtype == null || axes == null || offsets == null || offsets.size() != 2) {
            throw malformed(file, name, "lacks dtype, shape or two data_offsets");
        }
        return checked(file, name, new Entry(dtype, axes, offsets.getFirst(), offsets.getLast()));
    }

    private static List<Long> numbers(Path file, String name, JsonParser json) throws IOException {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            throw malformed(file, name, "has a shape or data_offsets that is no list");
        }
        List<Long> numbers = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            if (json.currentToken() != JsonToken.VALUE_NUMBER_INT
                    || json.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
                throw malformed(file, name, "has a shape or data_offsets with something that is no 64-bit number");
            }
            if (json.getLongValue() < 0) {
                throw malformed(file, name, "has a negative number in its shape or data_offsets");
            }
            numbers.add(json.getLongValue());
        }
        return List.copyOf(numbers);
    }

    private static Entry checked(Path file, String name, Entry entry) {
        DType tensor = TENSORS.get(entry.dtype());
        Integer bytes = tensor != null ? Integer.valueOf(tensor.bytes()) : OTHER_BYTES.get(entry.dtype());
        if (bytes != null) {
            long promised = Axes.bytes(entry.axes(), bytes).orElse(-1L);
            if (promised != entry.to() - entry.from()) {
                throw malformed(
                        file,
                        name,
                        "has the shape " + entry.axes() + " of " + entry.dtype() + ", but "
                                + (entry.to() - entry.from()) + " bytes of data");
            }
        }
        return entry;
    }

    private static void requireTiling(Path file, Map<String, Entry> entries, long dataBytes) {
        List<Map.Entry<String, Entry>> sorted = entries.entrySet().stream()
                .sorted(Comparator.comparingLong(
                                (Map.Entry<String, Entry> e) -> e.getValue().from())
                        .thenComparingLong(e -> e.getValue().to()))
                .toList();
        long end = 0;
        for (Map.Entry<String, Entry> named : sorted) {
            Entry entry = named.getValue();
            if (entry.from() != end || entry.to() < entry.from() || entry.to() > dataBytes) {
                throw malformed(
                        file,
                        named.getKey(),
                        "lies at bytes " + entry.from() + " to " + entry.to() + " of " + dataBytes + ", but " + end
                                + " is where it must begin");
            }
            end = entry.to();
        }
        if (end != dataBytes) {
            throw new InputException(file + " has " + (dataBytes - end)
                    + " bytes behind its last tensor: it is damaged, write it again");
        }
    }

    private static InputException malformed(Path file, String name, String complaint) {
        return new InputException("tensor " + Shown.quoted(name) + " in " + file + " " + complaint
                + ": the file is damaged, write it again");
    }

    /**
     * One tensor of a file that is written.
     *
     * @param axes lengths, outermost first
     */
    record Written(String name, DType dtype, List<Long> axes) {
        long bytes() {
            return Axes.bytes(axes, dtype.bytes()).orElseThrow();
        }
    }

    /** The header of a file with these tensors one after the other, up to the first element. */
    static byte[] header(List<Written> tensors) {
        StringBuilder text = new StringBuilder("{");
        long offset = 0;
        for (Written tensor : tensors) {
            text.append(offset == 0 && text.length() == 1 ? "" : ",")
                    .append("\"" + tensor.name() + "\":{\"dtype\":\""
                            + tensor.dtype().name() + "\",\"shape\":"
                            + tensor.axes().toString().replace(" ", "") + ",\"data_offsets\":[" + offset + ","
                            + (offset + tensor.bytes()) + "]}");
            offset += tensor.bytes();
        }
        text.append('}');
        while (text.length() % LENGTH_BYTES != 0) {
            text.append(' ');
        }
        return ByteBuffer.allocate(LENGTH_BYTES + text.length())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(text.length())
                .put(text.toString().getBytes(UTF_8))
                .array();
    }
}
