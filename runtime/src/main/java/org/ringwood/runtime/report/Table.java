package org.ringwood.runtime.report;

import java.util.ArrayList;
import java.util.List;

/** Text in aligned columns, for the console. */
public final class Table {
    private static final String GAP = "  ";

    private final List<Column> columns;
    private final List<List<String>> rows = new ArrayList<>();

    /**
     * A column.
     *
     * @param title above it
     * @param right whether it is aligned at its right
     */
    public record Column(String title, boolean right) {}

    /** A column of words. */
    public static Column left(String title) {
        return new Column(title, false);
    }

    /** A column of quantities. */
    public static Column right(String title) {
        return new Column(title, true);
    }

    /** A table without rows. */
    public Table(Column... columns) {
        this.columns = List.of(columns);
    }

    /**
     * Adds a row.
     *
     * @param cells one a column
     * @throws IllegalArgumentException if there are more or fewer
     */
    public void row(String... cells) {
        if (cells.length != columns.size()) {
            throw new IllegalArgumentException(cells.length + " cells do not fill " + columns.size() + " columns");
        }
        rows.add(List.of(cells));
    }

    /** Titles and rows, one a line. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        appendLine(text, columns.stream().map(Column::title).toList());
        rows.forEach(row -> appendLine(text, row));
        return text.toString();
    }

    private void appendLine(StringBuilder text, List<String> cells) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.size(); i++) {
            String space = " ".repeat(width(i) - length(cells.get(i)));
            boolean right = columns.get(i).right();
            line.append(i == 0 ? "" : GAP)
                    .append(right ? space : "")
                    .append(cells.get(i))
                    .append(right ? "" : space);
        }
        text.append(line.toString().stripTrailing()).append('\n');
    }

    private int width(int column) {
        int widest = length(columns.get(column).title());
        for (List<String> row : rows) {
            widest = Math.max(widest, length(row.get(column)));
        }
        return widest;
    }

    private static int length(String cell) {
        return cell.codePointCount(0, cell.length());
    }
}
