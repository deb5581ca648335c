package org.ringwood.benchmarks.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A table in Markdown whose rows can be printed one by one, as each column has its width from the start. */
public final class MarkdownTable {
    private static final String BORDER = "| ";

    private final List<Column> columns;

    /**
     * A column.
     *
     * @param title above it
     * @param width characters of its widest cell; a wider one is printed, but not aligned
     * @param right whether it is aligned at its right
     */
    public record Column(String title, int width, boolean right) {
        /** A column of words. */
        public static Column left(String title, int width) {
            return new Column(title, Math.max(width, title.length()), false);
        }

        /** A column of quantities. */
        public static Column right(String title, int width) {
            return new Column(title, Math.max(width, title.length()), true);
        }

        private String fill(String cell) {
            String space = " ".repeat(Math.max(0, width - cell.codePointCount(0, cell.length())));
            return right ? space + cell : cell + space;
        }

        private String rule() {
            return right ? "-".repeat(width - 1) + ":" : "-".repeat(width);
        }
    }

    /** A table of these columns. */
    public MarkdownTable(List<Column> columns) {
        this.columns = List.copyOf(columns);
    }

    /** Titles and the rule below them, two lines. */
    public String head() {
        return row(columns.stream().map(Column::title).toList())
                + "\n"
                + line(columns.stream().map(Column::rule).toList());
    }

    /**
     * A row, one line.
     *
     * @param cells one a column
     * @throws IllegalArgumentException if there are more or fewer
     */
    public String row(List<String> cells) {
        if (cells.size() != columns.size()) {
            throw new IllegalArgumentException(cells.size() + " cells do not fill " + columns.size() + " columns");
        }
        List<String> filled = new ArrayList<>();
        for (int i = 0; i < cells.size(); i++) {
            filled.add(columns.get(i).fill(cells.get(i)));
        }
        return line(filled);
    }

    private static String line(List<String> cells) {
        return cells.stream().collect(Collectors.joining(" | ", BORDER, " |"));
    }
}
