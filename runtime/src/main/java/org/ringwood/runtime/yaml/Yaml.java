package org.ringwood.runtime.yaml;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.files.OrdinaryFile;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.events.SequenceStartEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Reads one YAML document into {@link Entry entries}. Types are left to whoever asks for them, so {@code 12} may be a number
 * or a file name. Duplicate keys, tags and several documents are refused.
 */
public final class Yaml {
    /** Longest text that is read; a longer file is not a configuration. */
    private static final int MAX_BYTES = 32 << 20;

    private static final int MAX_DEPTH = 32;

    private final String name;
    private final boolean lines;
    private final Iterator<Event> events;
    private final Map<String, Entry> anchors = new HashMap<>();

    private Yaml(String text, String name, boolean lines) {
        LoadSettings settings = LoadSettings.builder()
                .setLabel(name)
                .setCodePointLimit(MAX_BYTES)
                .build();
        this.name = name;
        this.lines = lines;
        this.events = new Parse(settings).parseString(text).iterator();
    }

    /**
     * Reads a file.
     *
     * @throws InputException if it cannot be read or is not one YAML document
     */
    public static Entry read(Path file) {
        OrdinaryFile.requireReadable(file);
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new InputException(file + " is larger than " + MAX_BYTES
                        + " bytes, so it is no configuration file: name the right file");
            }
            return parse(Files.readString(file), file.toString());
        } catch (NoSuchFileException e) {
            throw new InputException(file + " does not exist: check the name", e);
        } catch (CharacterCodingException e) {
            throw new InputException(file + " is not UTF-8 text: save it as UTF-8", e);
        } catch (IOException e) {
            throw new InputException(file + " cannot be read (" + e.getMessage() + "): check the file", e);
        }
    }

    /**
     * Reads a text.
     *
     * @param name what messages call it
     * @throws InputException if it is not one YAML document
     */
    public static Entry parse(String text, String name) {
        return parse(text, name, true);
    }

    /** Reads a text that is no file, so that nobody cares for its lines; all of it stands at {@code where}. */
    static Entry value(String text, String where) {
        return parse(text, where, false);
    }

    private static Entry parse(String text, String name, boolean lines) {
        Yaml yaml = new Yaml(text, name, lines);
        try {
            return yaml.document();
        } catch (MarkedYamlEngineException e) {
            String problem = Optional.ofNullable(e.getProblem()).orElse("it is malformed");
            throw new InputException(yaml.where(e.getProblemMark()) + ": not valid YAML, " + problem, e);
        } catch (YamlEngineException e) {
            throw new InputException(name + " is not valid YAML: " + firstLine(e), e);
        }
    }

    private static String firstLine(YamlEngineException e) {
        return Optional.ofNullable(e.getMessage())
                .flatMap(message -> message.lines().findFirst())
                .orElse("it is malformed");
    }

    private String where(Optional<Mark> mark) {
        return lines ? mark.map(at -> name + ":" + (at.getLine() + 1)).orElse(name) : name;
    }

    private String where(Event event) {
        return where(event.getStartMark());
    }

    private Entry document() {
        Entry root = null;
        while (events.hasNext()) {
            Event event = events.next();
            switch (event.getEventId()) {
                case StreamStart, StreamEnd, DocumentStart, DocumentEnd, Comment -> {}
                default -> {
                    if (root != null) {
                        throw new InputException(where(event) + ": a second YAML document begins: keep one a file");
                    }
                    root = entry(event, 0);
                }
            }
        }
        if (root == null) {
            throw new InputException(name + " is empty: write something");
        }
        return root;
    }

    private Entry entry(Event event, int depth) {
        if (depth > MAX_DEPTH) {
            throw new InputException(where(event) + ": nested more than " + MAX_DEPTH + " deep: flatten it");
        }
        if (event instanceof AliasEvent alias) {
            Entry known = anchors.get(alias.getAlias().getValue());
            if (known == null) {
                throw new InputException(where(event) + ": alias *"
                        + alias.getAlias().getValue() + " names nothing that is complete: define it before");
            }
            return known;
        }
        Entry entry = switch (event) {
            case ScalarEvent scalar -> scalar(scalar);
            case SequenceStartEvent start -> sequence(start, depth);
            case MappingStartEvent start -> mapping(start, depth);
            default -> throw new IllegalStateException("unexpected " + event);
        };
        ((NodeEvent) event).getAnchor().ifPresent(anchor -> anchors.put(anchor.getValue(), entry));
        return entry;
    }

    private Entry scalar(ScalarEvent scalar) {
        if (scalar.getTag().isPresent()) {
            throw new InputException(
                    where(scalar) + ": tag " + scalar.getTag().get() + " has no meaning here: remove it");
        }
        return new Entry.Scalar(scalar.getValue(), scalar.isPlain(), where(scalar));
    }

    private Entry sequence(SequenceStartEvent start, int depth) {
        List<Entry> items = new ArrayList<>();
        for (Event next = events.next(); next.getEventId() != Event.ID.SequenceEnd; next = events.next()) {
            items.add(entry(next, depth + 1));
        }
        return new Entry.Sequence(items, where(start));
    }

    private Entry mapping(MappingStartEvent start, int depth) {
        Map<String, Entry.Field> fields = new LinkedHashMap<>();
        for (Event next = events.next(); next.getEventId() != Event.ID.MappingEnd; next = events.next()) {
            if (!(entry(next, depth + 1) instanceof Entry.Scalar key)) {
                throw new InputException(where(next) + ": a key must be a word, not a list or a mapping");
            }
            Entry.Field field = new Entry.Field(key.where(), entry(events.next(), depth + 1));
            Entry.Field before = fields.putIfAbsent(key.text(), field);
            if (before != null) {
                throw new InputException(key.where() + ": " + key.text() + " is set a second time (first at "
                        + before.where() + "): keep one");
            }
        }
        return new Entry.Mapping(fields, where(start));
    }
}
