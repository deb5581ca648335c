package org.ringwood.runtime.report;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.files.WholeFile;

/** How records become JSON: fields in the order of the record, without those that are null; ∞ and NaN as strings. */
public final class JsonFormat {
    private static final JSON COMPACT = JSON.std.with(
            JSON.Feature.WRITE_RECORD_FIELDS_IN_DECLARATION_ORDER, JSON.Feature.FAIL_ON_UNKNOWN_BEAN_PROPERTY);

    private JsonFormat() {}

    /** A record as one line. */
    public static String text(Record value) {
        try {
            return COMPACT.asString(value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Reads what {@link #text} wrote.
     *
     * @throws IllegalArgumentException if the text is something else
     */
    public static <T extends Record> T read(Class<T> type, String text) {
        try {
            return COMPACT.beanFrom(type, text);
        } catch (IOException e) {
            throw new IllegalArgumentException("no " + type.getSimpleName() + ": " + e.getMessage(), e);
        }
    }

    /**
     * Writes a value for people and programs, whole or not at all.
     *
     * @throws InputException if the file cannot be written
     */
    public static void write(Path file, Object value) {
        WholeFile.write(
                file, out -> COMPACT.with(JSON.Feature.PRETTY_PRINT_OUTPUT).write(value, out));
    }
}
