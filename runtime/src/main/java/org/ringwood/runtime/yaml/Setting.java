package org.ringwood.runtime.yaml;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.ringwood.runtime.files.InputException;

/**
 * One value set from outside the file: {@code attention.mask.window={left: 3}} replaces or adds that key, with everything
 * below it.
 */
public final class Setting {
    private final String[] path;
    private final Entry value;
    private final String where;

    private Setting(String[] path, Entry value, String where) {
        this.path = path;
        this.value = value;
        this.where = where;
    }

    /**
     * Reads {@code KEY=VALUE}: a dotted path and a YAML value.
     *
     * @throws InputException if it has another form
     */
    public static Setting parse(String text) {
        String where = "--set " + text;
        int equals = text.indexOf('=');
        String[] path = equals < 0 ? new String[0] : text.substring(0, equals).split("\\.", -1);
        if (path.length == 0) {
            throw new InputException(where + " has no value: write --set KEY=VALUE");
        }
        for (String key : path) {
            if (key.isBlank()) {
                throw new InputException(where + " has an empty key: write --set KEY=VALUE with a dotted KEY");
            }
        }
        return new Setting(path, Yaml.value(text.substring(equals + 1), where), where);
    }

    /**
     * A value that another file, or another place of the same file, gives to a key.
     *
     * @param key dotted path
     * @param value what it is to be; complaints name where it stands
     */
    public static Setting of(String key, Entry value) {
        return new Setting(key.split("\\.", -1), value, value.where());
    }

    /** The entry with this value in it; {@code root} stays as it is. */
    public Entry applyTo(Entry root) {
        // A file that is no mapping at all is for its reader to refuse.
        return root instanceof Entry.Mapping ? applyTo(root, 0) : root;
    }

    private Entry applyTo(Entry entry, int depth) {
        if (depth == path.length) {
            return value;
        }
        if (!(entry instanceof Entry.Mapping mapping)) {
            String above = String.join(".", List.of(path).subList(0, depth));
            throw new InputException(where + ": " + above + " is no mapping (" + entry.where()
                    + "), so nothing below it can" + " be set: set " + above + " as a whole");
        }
        Map<String, Entry.Field> fields = new LinkedHashMap<>(mapping.fields());
        Entry.Field old = fields.get(path[depth]);
        Entry below = old == null ? new Entry.Mapping(Map.of(), where) : old.value();
        fields.put(path[depth], new Entry.Field(where, applyTo(below, depth + 1)));
        return new Entry.Mapping(fields, entry.where());
    }
}
