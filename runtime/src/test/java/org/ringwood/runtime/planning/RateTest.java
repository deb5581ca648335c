package org.ringwood.runtime.planning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.data.Percentage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.runtime.files.InputException;

class RateTest {
    @ParameterizedTest
    @CsvSource({
        "25GB/s, 25e9, 25.0 GB/s",
        "200Gb/s, 25e9, 25.0 GB/s",
        "200 Gbit/s, 25e9, 25.0 GB/s",
        "100Mbps, 12.5e6, 12.5 MB/s",
        "1.5GiB/s, 1610612736, 1.61 GB/s",
        "64kB/s, 64000, 64.0 KB/s",
        "512B/s, 512, 512 B/s",
        "2TB/s, 2e12, 2.00 TB/s"
    })
    void isReadAndShown(String text, double bytes, String shown) {
        Rate rate = Rate.parse(text);
        assertThat(rate.bytesPerSecond()).isCloseTo(bytes, Percentage.withPercentage(1e-9));
        assertThat(rate).hasToString(shown);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "25", "25GB", "GB/s", "-1GB/s", "25 parsecs", "0GB/s", "3iB/s", "1e9B/s", "25Gx/s"})
    void whatIsNoneIsRefused(String text) {
        assertThatThrownBy(() -> Rate.parse(text))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("rate");
    }
}
