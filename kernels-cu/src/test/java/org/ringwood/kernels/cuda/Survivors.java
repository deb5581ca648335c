package org.ringwood.kernels.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Mutants that nothing notices, or need not, with the reason of each group. A line of the sources stands once, as FILE: LINE, and the changes of it that survive
 * stand below, indented and with semicolons between them.
 */
record Survivors(Set<String> keys) {
    static Survivors read(Path file) throws IOException {
        Set<String> keys = new LinkedHashSet<>();
        String line = "";
        for (String text : Files.readAllLines(file)) {
            if (text.startsWith("  ")) {
                for (String change : text.strip().split("; ", -1)) {
                    keys.add(line + ": " + change);
                }
            } else if (!text.startsWith("#")) {
                line = text;
            }
        }
        return new Survivors(keys);
    }

    boolean explain(Mutation.Mutant mutant) {
        return keys.contains(mutant.key());
    }
}
