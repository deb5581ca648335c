package org.ringwood.runtime.yaml;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.ringwood.runtime.files.InputException;

/** The keys of one mapping, each asked for with the type it must have. */
public final class Fields {
    private final String prefix;
    private final String where;
    private final Map<String, Entry.Field> fields;

    private Fields(String prefix, String where, Map<String, Entry.Field> fields) {
        this.prefix = prefix;
        this.where = where;
        this.fields = fields;
    }

    /**
     * The top of a file.
     *
     * @param known all keys it may have
     * @throws InputException if it is no mapping or has another key
     */
    public static Fields of(Entry root, List<String> known) {
        return of(root, root.where(), "", known);
    }

    private static Fields of(Entry entry, String where, String path, List<String> known) {
        if (!(entry instanceof Entry.Mapping mapping)) {
            throw new InputException(where + ": " + (path.isEmpty() ? "the file" : path) + " must be a mapping of "
                    + String.join(", ", known) + ", not " + shown(entry));
        }
        String prefix = path.isEmpty() ? "" : path + ".";
        mapping.fields().forEach((key, field) -> {
            if (!known.contains(key)) {
                throw new InputException(
                        field.where() + ": " + prefix + key + " is no known key" + Spelling.suggestion(key, known));
            }
        });
        return new Fields(prefix, where, mapping.fields());
    }

    /** Whether the key is present. */
    public boolean has(String key) {
        return fields.containsKey(key);
    }

    /** The keys that are present. */
    public List<String> present() {
        return List.copyOf(fields.keySet());
    }

    /** A mapping below this one; empty if the key is absent. */
    public Optional<Fields> fields(String key, List<String> known) {
        return field(key).map(field -> of(field.value(), field.where(), prefix + key, known));
    }

    /** As {@link #fields}, where an absent key counts as an empty mapping: every key in it has a default. */
    public Fields fieldsOrNone(String key, List<String> known) {
        return fields(key, known).orElseGet(() -> new Fields(prefix + key + ".", where, Map.of()));
    }

    /** The raw entry; empty if the key is absent. */
    public Optional<Entry> entry(String key) {
        return field(key).map(Entry.Field::value);
    }

    /** The word or text of a key; empty if it is absent. */
    public Optional<String> text(String key) {
        return scalar(key, "a word").map(Entry.Scalar::text);
    }

    /**
     * One of several words; empty if the key is absent.
     *
     * @param values what each known word stands for
     */
    public <T> Optional<T> choice(String key, Map<String, T> values) {
        return scalar(key, String.join(" | ", values.keySet()))
                .map(scalar -> choose(scalar.text(), key, where(key), values));
    }

    /** One or several words; empty if the key is absent. */
    public <T> Optional<List<T>> choices(String key, Map<String, T> values) {
        return entry(key).map(entry -> {
            if (!(entry instanceof Entry.Sequence sequence)) {
                return List.of(choice(key, values).orElseThrow());
            }
            List<T> chosen = new ArrayList<>();
            for (Entry item : sequence.items()) {
                if (!(item instanceof Entry.Scalar scalar)) {
                    throw wrong(key, "a list of words", item);
                }
                chosen.add(word(key, scalar, values));
            }
            return chosen;
        });
    }

    /** What a word within the value of a key stands for. */
    public <T> T word(String key, Entry.Scalar word, Map<String, T> values) {
        return choose(word.text(), key, word.where(), values);
    }

    private <T> T choose(String word, String key, String at, Map<String, T> values) {
        @Nullable T chosen = values.get(word);
        if (chosen == null) {
            throw new InputException(at + ": " + prefix + key + " cannot be \"" + word + "\""
                    + Spelling.suggestion(word, values.keySet()));
        }
        return chosen;
    }

    /** A whole number of at least {@code least}; empty if the key is absent. */
    public Optional<Long> whole(String key, long least) {
        return whole(key, least, Long.MAX_VALUE);
    }

    /** A whole number between two others; empty if the key is absent. */
    public Optional<Long> whole(String key, long least, long most) {
        return whole(
                key,
                least,
                most,
                most == Long.MAX_VALUE
                        ? "a whole number of at least " + least
                        : "a whole number from " + least + " to " + most);
    }

    /** As {@link #whole(String, long, long)}, where complaints say what is {@code wanted}. */
    public Optional<Long> whole(String key, long least, long most, String wanted) {
        return scalar(key, wanted).map(scalar -> {
            Optional<Long> number = parsed(scalar, Long::valueOf);
            return number.filter(n -> n >= least && n <= most).orElseThrow(() -> wrong(key, wanted, scalar));
        });
    }

    /** A number of at least {@code least} that is finite as 32 bits, too; empty if the key is absent. */
    public Optional<Double> number(String key, double least) {
        String wanted = least == Double.NEGATIVE_INFINITY ? "a finite number" : "a finite number of at least " + least;
        return scalar(key, wanted)
                .map(scalar -> parsed(scalar, Double::valueOf)
                        .filter(n -> Float.isFinite(n.floatValue()) && n >= least)
                        .orElseThrow(() -> wrong(key, wanted, scalar)));
    }

    /** {@code true} or {@code false}; empty if the key is absent. */
    public Optional<Boolean> bool(String key) {
        Map<String, Boolean> values = new LinkedHashMap<>();
        values.put("true", true);
        values.put("false", false);
        return choice(key, values);
    }

    /** Whether the value is this very word, without quotes. */
    public boolean is(String key, String word) {
        return entry(key)
                .filter(Entry.Scalar.class::isInstance)
                .map(Entry.Scalar.class::cast)
                .filter(scalar -> scalar.plain() && scalar.text().equals(word))
                .isPresent();
    }

    /** The value of a key that must be there. */
    public <T> T required(String key, Optional<T> value) {
        return value.orElseThrow(() -> new InputException(where + ": " + prefix + key + " is missing: add it"));
    }

    /** A complaint about a key's value. */
    public InputException refused(String key, String complaint) {
        return new InputException(where(key) + ": " + prefix + key + " " + complaint);
    }

    /** A complaint about this mapping. */
    public InputException refused(String complaint) {
        String path = prefix.isEmpty() ? "the file" : prefix.substring(0, prefix.length() - 1);
        return new InputException(where + ": " + path + " " + complaint);
    }

    /** A complaint that a value, or an item of it, has the wrong type. */
    public InputException wrong(String key, String wanted, Entry value) {
        String at = value instanceof Entry.Mapping ? where(key) : value.where();
        return new InputException(at + ": " + prefix + key + " must be " + wanted + ", not " + shown(value));
    }

    private String where(String key) {
        return field(key).map(Entry.Field::where).orElse(where);
    }

    private Optional<Entry.Field> field(String key) {
        return Optional.ofNullable(fields.get(key));
    }

    private Optional<Entry.Scalar> scalar(String key, String wanted) {
        return entry(key).map(entry -> {
            if (!(entry instanceof Entry.Scalar scalar) || isNothing(scalar)) {
                throw wrong(key, wanted, entry);
            }
            return scalar;
        });
    }

    private static boolean isNothing(Entry.Scalar scalar) {
        return scalar.plain()
                && (scalar.text().isEmpty()
                        || scalar.text().equals("null")
                        || scalar.text().equals("~"));
    }

    private static <T> Optional<T> parsed(Entry.Scalar scalar, Function<String, T> parser) {
        // Java alone reads 1f and 0x1p3 as numbers; a job file that says so holds a slip.
        if (!scalar.plain() || !scalar.text().matches("[-+.0-9eE]+")) {
            return Optional.empty();
        }
        try {
            return Optional.of(parser.apply(scalar.text()));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static String shown(Entry entry) {
        return switch (entry) {
            case Entry.Scalar scalar when isNothing(scalar) -> "empty";
            case Entry.Scalar scalar -> "\"" + scalar.text() + "\"";
            case Entry.Sequence _ -> "a list";
            case Entry.Mapping mapping ->
                "a mapping of " + mapping.fields().keySet().stream().collect(Collectors.joining(", "));
        };
    }
}
