package org.ringwood.runtime.sweep;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.net.LinkMeasurement;
import org.ringwood.runtime.report.JsonFormat;

/**
 * All that was measured into a directory, by any number of runs, finished or not.
 *
 * @param rows iterations of rows
 * @param links measurements of links
 * @param provenance of each run that told it, by its name
 * @param notes what could not be read, a sentence each
 */
public record Results(
        List<Measurement> rows, List<LinkMeasurement> links, Map<String, Provenance> provenance, List<String> notes) {
    private static final CsvFormat<Measurement> ROWS = CsvFormat.of(Measurement.class);
    private static final CsvFormat<LinkMeasurement> LINKS = CsvFormat.of(LinkMeasurement.class);
    /** Complaints about one file beyond these are counted only. */
    private static final int MOST_COMPLAINTS = 3;

    /** Nothing. */
    public Results() {
        this(new ArrayList<>(), new ArrayList<>(), new HashMap<>(), new ArrayList<>());
    }

    /**
     * Reads a directory. Half lines, other tables and broken files become notes.
     *
     * @throws InputException if there is no such directory
     */
    public static Results read(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new InputException(directory + " is no directory: name the one that ringwood bench --out wrote into");
        }
        Results results = new Results();
        for (Path table : RunFiles.tables(directory)) {
            results.add(table);
        }
        return results;
    }

    private void add(Path table) {
        Path name = table.getFileName();
        String text;
        try {
            text = Files.readString(table, StandardCharsets.UTF_8);
        } catch (MalformedInputException binary) {
            notes.add(name + " is no UTF-8 text and is left out");
            return;
        } catch (IOException unreadable) {
            notes.add(name + " cannot be read (" + unreadable.getMessage() + ") and is left out");
            return;
        }
        int end = text.indexOf('\n');
        if (end < 0) {
            notes.add(name + " has no whole line and is left out: its run was ended early");
            return;
        }
        List<String> columns = headerOf(text.substring(0, end).stripTrailing());
        if (columns.containsAll(ROWS.columns())) {
            addLines(name, text, end + 1, line -> rows.add(ROWS.read(columns, line)));
        } else if (columns.containsAll(LINKS.columns())) {
            addLines(name, text, end + 1, line -> links.add(LINKS.read(columns, line)));
        } else {
            notes.add(name + " is no table of ringwood bench and is left out" + missing(columns));
            return;
        }
        explain(table);
    }

    private static List<String> headerOf(String line) {
        try {
            return CsvFormat.cells(line);
        } catch (IllegalArgumentException strange) {
            return List.of();
        }
    }

    /** Of a table that looks like one of an other version, what it lacks. */
    private static String missing(List<String> columns) {
        List<String> missing = ROWS.columns().stream()
                .filter(column -> !columns.contains(column))
                .toList();
        return missing.size() < ROWS.columns().size() / 2 ? "; it lacks " + String.join(", ", missing) : "";
    }

    /** Takes in a line. */
    private interface Reader {
        void read(String line);
    }

    private void addLines(Path name, String text, int from, Reader reader) {
        int complaints = 0;
        int number = 1;
        for (int begin = from; begin < text.length(); ) {
            number++;
            int end = text.indexOf('\n', begin);
            if (end < 0) {
                notes.add(name + " ends in half a line, which is left out: its run was ended early");
                break;
            }
            String line = text.substring(begin, end).stripTrailing();
            begin = end + 1;
            try {
                if (!line.isEmpty()) {
                    reader.read(line);
                }
            } catch (IllegalArgumentException broken) {
                if (complaints++ < MOST_COMPLAINTS) {
                    notes.add(name + ":" + number + " is left out: " + broken.getMessage());
                }
            }
        }
        if (complaints > MOST_COMPLAINTS) {
            notes.add(name + " has " + (complaints - MOST_COMPLAINTS) + " more such lines");
        }
    }

    private void explain(Path table) {
        String csv = String.valueOf(table.getFileName());
        String run = csv.substring(0, csv.length() - ".csv".length());
        Path file = table.resolveSibling(run + ".json");
        try {
            provenance.put(run, JsonFormat.read(Provenance.class, Files.readString(file)));
        } catch (NoSuchFileException absent) {
            notes.add(csv + " has no " + file.getFileName() + ": nobody knows where its figures come from");
        } catch (IOException | IllegalArgumentException broken) {
            notes.add(file.getFileName() + " cannot be read (" + broken.getMessage() + ")");
        }
    }

    /** The iterations of each row that need not be measured again. */
    public Map<String, Set<Integer>> done() {
        Map<String, Set<Integer>> done = new HashMap<>();
        rows.forEach(
                row -> done.computeIfAbsent(row.row(), _ -> new HashSet<>()).add(row.iteration()));
        return done;
    }

    /** Where the figures of a run come from, if it told. */
    public Optional<Provenance> of(String run) {
        return Optional.ofNullable(provenance.get(run));
    }
}
