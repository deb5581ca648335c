package org.ringwood.runtime.yaml;

import java.util.List;
import java.util.Map;

/** A piece of YAML that remembers where it stands. */
public sealed interface Entry {
    /** Where it stands, for people: {@code job.yaml:12}, or the option that set it. */
    String where();

    /**
     * A word, number or text.
     *
     * @param text as written, without quotes
     * @param plain whether it was written without quotes
     */
    record Scalar(String text, boolean plain, String where) implements Entry {}

    /** A list. */
    record Sequence(List<Entry> items, String where) implements Entry {
        /** Copies the items. */
        public Sequence {
            items = List.copyOf(items);
        }
    }

    /** Keys and values, in the order of the file. */
    record Mapping(Map<String, Field> fields, String where) implements Entry {}

    /**
     * A value and its key.
     *
     * @param where where the key stands
     */
    record Field(String where, Entry value) {}
}
