package org.ringwood.runtime.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TableTest {
    @Test
    void alignsColumns() {
        Table table = new Table(Table.left("name"), Table.right("µs"), Table.left("why"));
        table.row("a", "12345", "x");
        table.row("longer", "1", "");
        assertThat(table.toString()).isEqualTo("""
                name       µs  why
                a       12345  x
                longer      1
                """);
        assertThatThrownBy(() -> table.row("a")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void quantitiesHaveThreeDigits() {
        assertThat(Quantity.bytes(0)).isEqualTo("0 B");
        assertThat(Quantity.bytes(999)).isEqualTo("999 B");
        assertThat(Quantity.bytes(1000)).isEqualTo("0.98 KiB");
        assertThat(Quantity.bytes(10 << 10)).isEqualTo("10.0 KiB");
        assertThat(Quantity.bytes(1 << 20)).isEqualTo("1.00 MiB");
        assertThat(Quantity.bytes((1 << 20) - 1)).isEqualTo("1.00 MiB");
        assertThat(Quantity.bytes(Long.MAX_VALUE)).isEqualTo("8.00 EiB");
        assertThat(Quantity.seconds(0)).isEqualTo("0.00 µs");
        assertThat(Quantity.seconds(0.0123)).isEqualTo("12.3 ms");
        assertThat(Quantity.seconds(0.99999)).isEqualTo("1.00 s");
        assertThat(Quantity.seconds(123.4)).isEqualTo("123 s");
        assertThat(Quantity.error(3.14e-7)).isEqualTo("3.1e-07");
        assertThat(Quantity.error(0)).isEqualTo("0");
    }
}
