package org.ringwood.runtime.sweep;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a page can draw along: columns of the measurements that are numbers and that a sweep sets. */
public final class PlotAxis {
    /** Columns, those first that are taken first if several vary. */
    public static final List<String> COLUMNS =
            List.of("link_bytes_per_s", "tokens", "workers", "nodes", "queries", "heads", "kv_heads", "dim");

    static final Map<String, String> WORDS = words();

    private PlotAxis() {}

    private static Map<String, String> words() {
        Map<String, String> words = new LinkedHashMap<>();
        words.put("link", "link_bytes_per_s");
        for (String column : List.of("tokens", "workers", "nodes", "queries", "heads")) {
            words.put(column, column);
        }
        words.put("dims", "dim");
        return words;
    }
}
