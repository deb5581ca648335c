package org.ringwood.runtime.job;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.ringwood.attention.MaskRule.Rectangle;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.yaml.Entry;
import org.ringwood.runtime.yaml.Fields;

/** Reads the mask of a job file. */
final class MaskReader {
    private static final String NUMBERS = "a list of whole numbers, or a file of them";
    private static final String RECTANGLES = "a list of [q0, q1, k0, k1, kind], or a file of them";

    private final Fields attention;
    private final Paths paths;

    MaskReader(Fields attention, Paths paths) {
        this.attention = attention;
        this.paths = paths;
    }

    MaskSpec mask() {
        attention.entry("mask").filter(Entry.Sequence.class::isInstance).ifPresent(list -> {
            throw attention.wrong("mask", "full, causal, or a mapping such as {slices: [...]}", list);
        });
        if (attention.entry("mask").filter(Entry.Mapping.class::isInstance).isEmpty()) {
            return attention.choice("mask", Words.MASKS).orElse(MaskSpec.FULL);
        }
        Fields mask = attention
                .fields("mask", List.of("causal", "window", "documents", "queryDocuments", "keyDocuments", "slices"))
                .orElseThrow();
        if (mask.has("slices")) {
            for (String other : mask.present()) {
                if (!other.equals("slices")) {
                    throw mask.refused(other, "cannot be combined with slices: write it as slices, or remove one");
                }
            }
            return slices(mask);
        }
        return new MaskSpec.Combined(mask.bool("causal").orElse(false), window(mask), documents(mask));
    }

    private static Optional<MaskSpec.Window> window(Fields mask) {
        return mask.fields("window", List.of("left", "right", "sinks"))
                .map(window -> new MaskSpec.Window(
                        window.required("left", window.whole("left", 0)),
                        window.whole("right", 0).orElse(0L),
                        window.whole("sinks", 0).orElse(0L)));
    }

    private Optional<MaskSpec.Documents> documents(Fields mask) {
        if (mask.has("documents")) {
            for (String other : List.of("queryDocuments", "keyDocuments")) {
                if (mask.has(other)) {
                    throw mask.refused(
                            other, "contradicts documents: give documents, or queryDocuments and keyDocuments");
                }
            }
            return offsets(mask, "documents").map(offsets -> new MaskSpec.Documents(offsets, offsets));
        }
        if (!mask.has("queryDocuments") && !mask.has("keyDocuments")) {
            return Optional.empty();
        }
        MaskSpec.Offsets queries = mask.required("queryDocuments", offsets(mask, "queryDocuments"));
        MaskSpec.Offsets keys = mask.required("keyDocuments", offsets(mask, "keyDocuments"));
        if (queries.values().size() != keys.values().size()) {
            throw mask.refused(
                    "keyDocuments",
                    "has " + (keys.values().size() - 1) + " documents, but queryDocuments has "
                            + (queries.values().size() - 1) + ": list as many, empty ones too");
        }
        return Optional.of(new MaskSpec.Documents(queries, keys));
    }

    private Optional<MaskSpec.Offsets> offsets(Fields mask, String key) {
        return mask.entry(key).map(entry -> {
            Optional<Path> file = file(mask, key, entry);
            List<Long> values = items(mask, key, file.map(Lists::numbers).orElse(entry), NUMBERS).stream()
                    .map(item -> number(mask, key, item))
                    .toList();
            return new MaskSpec.Offsets(checked(mask, key, values), file);
        });
    }

    private MaskSpec slices(Fields mask) {
        String key = "slices";
        Entry entry = mask.entry(key).orElseThrow();
        Optional<Path> file = file(mask, key, entry);
        List<Rectangle> rectangles = items(
                        mask, key, file.map(Lists::rectangles).orElse(entry), RECTANGLES)
                .stream()
                .map(item -> rectangle(mask, item))
                .toList();
        return new MaskSpec.Slices(rectangles, file);
    }

    /** The file that a key names instead of a list; empty if the list stands in the job file. */
    private Optional<Path> file(Fields mask, String key, Entry entry) {
        return entry instanceof Entry.Scalar ? paths.path(mask, key) : Optional.empty();
    }

    private static List<Entry> items(Fields mask, String key, Entry list, String wanted) {
        if (list instanceof Entry.Sequence sequence) {
            return sequence.items();
        }
        throw mask.wrong(key, wanted, list);
    }

    private static long number(Fields mask, String key, Entry item) {
        if (item instanceof Entry.Scalar scalar && scalar.text().matches("[0-9]{1,18}")) {
            return Long.parseLong(scalar.text());
        }
        throw mask.wrong(key, "a list of whole numbers from 0", item);
    }

    private static Rectangle rectangle(Fields mask, Entry item) {
        if (!(item instanceof Entry.Sequence sequence)) {
            throw mask.wrong("slices", RECTANGLES, item);
        }
        if (sequence.items().size() != 5 || !(sequence.items().getLast() instanceof Entry.Scalar kind)) {
            throw new InputException(item.where() + ": attention.mask.slices has an item that is no slice: write"
                    + " [q0, q1, k0, k1, kind], four row numbers and a word");
        }
        long[] bounds = sequence.items().stream()
                .limit(4)
                .mapToLong(bound -> number(mask, "slices", bound))
                .toArray();
        if (bounds[0] > bounds[1] || bounds[2] > bounds[3]) {
            throw new InputException(item.where() + ": slice [" + bounds[0] + ", " + bounds[1] + ", " + bounds[2] + ", "
                    + bounds[3] + "] ends before it begins: write [q0, q1, k0, k1, kind] with q0 <= q1 and k0 <= k1");
        }
        return new Rectangle(bounds[0], bounds[1], bounds[2], bounds[3], mask.word("slices", kind, Words.KINDS));
    }

    private static List<Long> checked(Fields mask, String key, List<Long> offsets) {
        if (offsets.size() < 2 || offsets.getFirst() != 0) {
            throw mask.refused(
                    key, "must be cumulative lengths from 0 to the number of tokens, such as [0, 120, 1248]");
        }
        for (int i = 1; i < offsets.size(); i++) {
            if (offsets.get(i) < offsets.get(i - 1)) {
                throw mask.refused(
                        key,
                        "falls from " + offsets.get(i - 1) + " to " + offsets.get(i)
                                + ": list cumulative lengths, which never fall");
            }
        }
        return offsets;
    }
}
