package org.ringwood.runtime.sweep;

import java.util.ArrayList;
import java.util.List;

/** Measurements made up for tests. */
public final class Measurements {
    private static final CsvFormat<Measurement> FORMAT = CsvFormat.of(Measurement.class);
    private static final String PLAIN =
            "run-1,abc,sweep,strong,,ring,contiguous,ring,contiguous,2,1,1,cpu,64,64,4,4,16,16,f32,"
                    + "full,auto,forward,0,1000,900,950,1000,700,800,150,200,4096,0,0,2048,4096,6,1,10000,"
                    + "500000,250000,64000,5e8,1100,1e9,0.002,1e-7,2e-6,32";

    private Measurements() {}

    /**
     * A measurement.
     *
     * @param changes column and value in turn
     */
    public static Measurement of(Object... changes) {
        List<String> columns = FORMAT.columns();
        List<String> cells = new ArrayList<>(CsvFormat.cells(PLAIN));
        for (int i = 0; i < changes.length; i += 2) {
            int column = columns.indexOf(changes[i].toString());
            if (column < 0) {
                throw new IllegalArgumentException("no column " + changes[i]);
            }
            cells.set(column, changes[i + 1].toString());
        }
        List<String> quoted = cells.stream()
                .map(cell -> '"' + cell.replace("\"", "\"\"") + '"')
                .toList();
        return FORMAT.read(columns, String.join(",", quoted));
    }
}
