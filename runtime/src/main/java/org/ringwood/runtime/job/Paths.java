package org.ringwood.runtime.job;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.ringwood.runtime.yaml.Fields;

/**
 * Paths of a job file: {@code ${NAME}} stands for a variable of the environment, and what is relative is relative to the file.
 *
 * @param directory of the job file, absolute
 * @param environment variables
 */
record Paths(Path directory, Map<String, String> environment) {
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)}");

    /** The absolute path of a key; empty if it is absent. */
    Optional<Path> path(Fields fields, String key) {
        return fields.text(key).map(text -> path(fields, key, text));
    }

    /** As {@link #path(Fields, String)}, where {@code none} means no file. */
    Optional<Path> pathOrNone(Fields fields, String key) {
        return fields.is(key, "none") ? Optional.empty() : path(fields, key);
    }

    private Path path(Fields fields, String key, String text) {
        String expanded = VARIABLE.matcher(text).replaceAll(match -> {
            String value = environment.get(match.group(1));
            if (value == null) {
                throw fields.refused(
                        key, "needs the environment variable " + match.group(1) + ", which is not set: set it");
            }
            return Matcher.quoteReplacement(value);
        });
        if (expanded.contains("${")) {
            throw fields.refused(
                    key, "has a ${ that opens no variable, in \"" + expanded + "\": write ${NAME}, or rename the file");
        }
        if (expanded.isBlank()) {
            throw fields.refused(key, "must be a file name, not empty");
        }
        try {
            return directory.resolve(expanded).normalize();
        } catch (InvalidPathException e) {
            throw fields.refused(key, "is no file name: " + e.getReason());
        }
    }
}
