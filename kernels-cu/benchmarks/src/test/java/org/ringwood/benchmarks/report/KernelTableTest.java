package org.ringwood.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.benchmarks.measure.Measurement;
import org.ringwood.benchmarks.measure.Measurement.Outcome;
import org.ringwood.benchmarks.measure.Measurement.Timing;
import org.ringwood.benchmarks.report.MarkdownTable.Column;
import org.ringwood.benchmarks.workload.KernelCase;
import org.ringwood.benchmarks.workload.Workload;

class KernelTableTest {
    @Test
    void aTableIsMarkdownInAlignedColumns() {
        MarkdownTable table = new MarkdownTable(List.of(Column.left("what", 6), Column.right("n", 3)));
        assertThat(table.head() + "\n" + table.row(List.of("×", "12"))).isEqualTo("""
                        | what   |   n |
                        | ------ | --: |
                        | ×      |  12 |""");
        assertThatThrownBy(() -> table.row(List.of("one"))).hasMessageContaining("1 cells do not fill 2 columns");
    }

    @Test
    void aRowTellsRatesSharesRatiosAndErrors() {
        // 4 · 100² · 2 · 25 flops = 2 MFLOP in 1 ms.
        KernelCase subject = KernelCase.of(Workload.square(100, 2, 25));
        Measurement measured = new Measurement(
                subject,
                2,
                new Timing(1e-3, 3e-7),
                true,
                4e9,
                OptionalDouble.empty(),
                List.of(
                        new Outcome.Measured(new Timing(2.5e-3, 4e-7), 1e-7),
                        new Outcome.Measured(new Timing(2.5e-3, 0.5), 1),
                        new Outcome.Absent("it rains")));
        KernelTable table = new KernelTable(List.of("A", "B", "C"));
        List<String> cells = Arrays.stream(table.row(measured).split("\\|"))
                .map(String::strip)
                .toList();
        assertThat(cells)
                .containsExactly(
                        "",
                        "rows=100,heads=2/2,dim=25,dtype=f32,mask=full",
                        "2",
                        "2.00 GFLOP/s",
                        "4.00",
                        "50 %",
                        "0.80",
                        "2.50 ×",
                        "0.80",
                        "differs",
                        "—",
                        "—",
                        "—",
                        "3.0e-07",
                        "4.0e-07",
                        "1.0e-07",
                        "5.0e-01",
                        "1.0e+00",
                        "—",
                        "—");
        assertThat(table.notes()).containsExactly("C is left out where it rains");
    }

    @Test
    void onlyThePlaceBetweenTheCommentsIsReplaced(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("performance.md");
        String around = "before\n" + MarkedFile.BEGIN + "\n%s" + MarkedFile.END + "\nafter\n";
        Files.writeString(file, around.formatted("old\n"));
        MarkedFile.open(file).write("new\n");
        assertThat(file).hasContent(around.formatted("new\n"));
    }

    @Test
    void aFileThatIsNotThereIsMadeAndOneWithoutAPlaceIsRefused(@TempDir Path folder) throws Exception {
        Path made = folder.resolve("new.md");
        MarkedFile.open(made).write("text\n");
        MarkedFile.open(made).write("other\n");
        assertThat(made).hasContent(MarkedFile.BEGIN + "\nother\n" + MarkedFile.END + "\n");
        Path other = Files.writeString(folder.resolve("other.md"), "somebody's text\n");
        assertThatThrownBy(() -> MarkedFile.open(other)).hasMessageContaining("has no lines");
        assertThat(other).hasContent("somebody's text\n");
    }
}
