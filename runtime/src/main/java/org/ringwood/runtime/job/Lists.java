package org.ringwood.runtime.job;

import java.nio.file.Path;
import org.ringwood.runtime.yaml.Entry;
import org.ringwood.runtime.yaml.Yaml;

/** Lists of numbers in files of their own. */
final class Lists {
    private Lists() {}

    /** The list in a file: YAML, of which JSON is a part. */
    static Entry read(Path file) {
        return Yaml.read(file);
    }
}
