package org.ringwood.runtime.sweep;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Records as lines of comma-separated values, after RFC 4180: a column a component, {@code timeUs} as {@code time_us}. Components are
 * texts without line breaks, whole numbers, and numbers that are empty cells if they are NaN.
 */
public final class CsvFormat<T extends Record> {
    private final Constructor<T> constructor;
    private final RecordComponent[] components;

    private CsvFormat(Class<T> type) {
        this.components = type.getRecordComponents();
        try {
            this.constructor = type.getConstructor(
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
        } catch (NoSuchMethodException impossible) {
            throw new AssertionError("every record has its constructor", impossible);
        }
    }

    /** The format of a public record. */
    public static <T extends Record> CsvFormat<T> of(Class<T> type) {
        return new CsvFormat<>(type);
    }

    /** The columns' names. */
    public List<String> columns() {
        return Arrays.stream(components).map(CsvFormat::column).toList();
    }

    /** The first line, without its end. */
    public String header() {
        return String.join(",", columns());
    }

    private static String column(RecordComponent component) {
        return component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    /** A record's line, without its end. */
    public String line(T record) {
        return Arrays.stream(components)
                .map(component -> quoted(text(value(component, record))))
                .collect(Collectors.joining(","));
    }

    /** The cell of a column, as {@link #line} has it but without quotes. */
    public String cell(String column, T record) {
        return Arrays.stream(components)
                .filter(component -> column(component).equals(column))
                .map(component -> text(value(component, record)))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no column " + column));
    }

    private static Object value(RecordComponent component, Record record) {
        try {
            return component.getAccessor().invoke(record);
        } catch (IllegalAccessException | InvocationTargetException impossible) {
            throw new LinkageError("accessors of public records can be called", impossible);
        }
    }

    private static String text(Object value) {
        return value instanceof Double number && number.isNaN() ? "" : value.toString();
    }

    private static String quoted(String text) {
        if (text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r')) {
            return text;
        }
        return '"' + text.replaceAll("\\R", " ").replace("\"", "\"\"") + '"';
    }

    /**
     * What a line says.
     *
     * @param columns of the file, in its order; unknown ones are ignored
     * @throws IllegalArgumentException naming the column, if one is missing or a cell is not of its type
     */
    public T read(List<String> columns, String line) {
        List<String> cells = cells(line);
        if (cells.size() != columns.size()) {
            throw new IllegalArgumentException(cells.size() + " cells instead of " + columns.size());
        }
        Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            String column = column(components[i]);
            int at = columns.indexOf(column);
            if (at < 0) {
                throw new IllegalArgumentException("there is no column " + column);
            }
            values[i] = parsed(components[i].getType(), cells.get(at), column);
        }
        try {
            return constructor.newInstance(values);
        } catch (ReflectiveOperationException impossible) {
            throw new LinkageError("constructors of public records can be called", impossible);
        }
    }

    private static Object parsed(Class<?> type, String cell, String column) {
        try {
            if (type == String.class) {
                return cell;
            }
            if (type == int.class) {
                return Integer.valueOf(cell);
            }
            if (type == long.class) {
                return Long.valueOf(cell);
            }
            return cell.isEmpty() ? Double.NaN : Double.valueOf(cell);
        } catch (NumberFormatException wrong) {
            throw new IllegalArgumentException("\"" + cell + "\" is no number for " + column, wrong);
        }
    }

    /**
     * The cells of a line.
     *
     * @throws IllegalArgumentException if a quote is not closed
     */
    public static List<String> cells(String line) {
        List<String> cells = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (quoted && c == '"' && i + 1 < line.length() && line.charAt(i + 1) == '"') {
                cell.append(c);
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                cells.add(cell.toString());
                cell.setLength(0);
            } else {
                cell.append(c);
            }
        }
        if (quoted) {
            throw new IllegalArgumentException("a quote is not closed");
        }
        cells.add(cell.toString());
        return cells;
    }
}
