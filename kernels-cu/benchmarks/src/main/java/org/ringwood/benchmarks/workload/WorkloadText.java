package org.ringwood.benchmarks.workload;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.ringwood.kernels.DType;

/** Reads workloads such as {@code rows=2049,keys=4096,heads=8/2,dim=80,dtype=bf16,mask=causal}. */
public final class WorkloadText {
    private static final List<String> KEYS =
            List.of("rows", "keys", "heads", "dim", "dimv", "dtype", "mask", "items", "layout", "pass", "dropout");

    private final Map<String, String> values;

    private WorkloadText(Map<String, String> values) {
        this.values = values;
    }

    /**
     * Reads a workload; {@code rows} and {@code dim} must be told, the rest has defaults: as many keys as rows, 8 heads, values as
     * long as keys, f32, full, 1 item, heads first, the forward pass, no dropout.
     *
     * @throws IllegalArgumentException if the text is no workload; the message says why
     */
    public static Workload parse(String text) {
        return new WorkloadText(entries(text)).workload();
    }

    private static Map<String, String> entries(String text) {
        Map<String, String> entries = new LinkedHashMap<>();
        for (String part : text.split(",", -1)) {
            int equals = part.indexOf('=');
            String key = part.substring(0, Math.max(0, equals)).strip().toLowerCase(Locale.ROOT);
            if (!KEYS.contains(key)) {
                throw new IllegalArgumentException("shape '" + text + "': '" + part.strip()
                        + "' is none of its parts, which are KEY=VALUE with the keys " + String.join(", ", KEYS));
            }
            if (entries.put(key, part.substring(equals + 1).strip().toLowerCase(Locale.ROOT)) != null) {
                throw new IllegalArgumentException("shape '" + text + "' has " + key + " twice");
            }
        }
        return entries;
    }

    private Workload workload() {
        long rows = number("rows", Integer.MAX_VALUE);
        int dim = (int) number("dim", Integer.MAX_VALUE);
        List<String> heads =
                new ArrayList<>(Arrays.asList(values.getOrDefault("heads", "8").split("/", -1)));
        if (heads.size() == 1) {
            heads.add(heads.getFirst());
        }
        if (heads.size() != 2) {
            throw new IllegalArgumentException(
                    "heads=" + values.get("heads") + " is neither a number nor two as in 8/2");
        }
        return new Workload(
                (int) number("items", Integer.MAX_VALUE, "1"),
                rows,
                number("keys", Integer.MAX_VALUE, Long.toString(rows)),
                (int) number("heads", heads.getFirst(), Integer.MAX_VALUE),
                (int) number("heads", heads.getLast(), Integer.MAX_VALUE),
                dim,
                (int) number("dimv", Integer.MAX_VALUE, Integer.toString(dim)),
                constant("dtype", DType.class, "f32"),
                masking(values.getOrDefault("mask", "full")),
                constant("layout", Workload.Layout.class, "htd"),
                constant("pass", Pass.class, "forward"),
                rate(values.getOrDefault("dropout", "0")));
    }

    private static Masking masking(String text) {
        int colon = text.indexOf(':');
        String kind = colon < 0 ? text : text.substring(0, colon);
        String size = colon < 0 ? "" : text.substring(colon + 1);
        return switch (kind + (colon < 0 ? "" : ":")) {
            case "full" -> new Masking.Full();
            case "causal" -> new Masking.Causal();
            case "window:" -> new Masking.Window(number("mask", size, Integer.MAX_VALUE));
            case "documents:" -> new Masking.Documents((int) number("mask", size, Integer.MAX_VALUE), false);
            case "causal-documents:" -> new Masking.Documents((int) number("mask", size, Integer.MAX_VALUE), true);
            default ->
                throw new IllegalArgumentException("mask=" + text
                        + " is none of full, causal, window:WIDTH, documents:COUNT and causal-documents:COUNT");
        };
    }

    private long number(String key, long largest) {
        String value = values.get(key);
        if (value == null) {
            throw new IllegalArgumentException("a shape needs " + key + "=NUMBER");
        }
        return number(key, value, largest);
    }

    private long number(String key, long largest, String otherwise) {
        return number(key, values.getOrDefault(key, otherwise), largest);
    }

    private static long number(String key, String value, long largest) {
        try {
            long number = Long.parseLong(value);
            if (number >= 1 && number <= largest) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(key + ": '" + value + "' is no whole number", e);
        }
        throw new IllegalArgumentException(key + ": " + value + " is not within 1 to " + largest);
    }

    private static double rate(String value) {
        try {
            return Double.parseDouble(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("dropout: '" + value + "' is no number", e);
        }
    }

    private <E extends Enum<E>> E constant(String key, Class<E> type, String otherwise) {
        String value = values.getOrDefault(key, otherwise);
        return Arrays.stream(type.getEnumConstants())
                .filter(constant -> constant.name().toLowerCase(Locale.ROOT).equals(value))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(key + "=" + value + " is none of "
                        + String.join(
                                ", ",
                                Arrays.stream(type.getEnumConstants())
                                        .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                                        .toList())));
    }
}
