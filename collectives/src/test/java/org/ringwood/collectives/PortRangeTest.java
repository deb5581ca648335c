package org.ringwood.collectives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PortRangeTest {
    @Test
    void everyRankHasItsOwn() {
        PortRange range = new PortRange(20_000);
        assertThat(range.isFixed()).isTrue();
        assertThat(range.of(0)).isEqualTo(20_000);
        assertThat(range.of(7)).isEqualTo(20_007);
    }

    @Test
    void anyWillDoIfNoneIsNamed() {
        assertThat(PortRange.FREE.isFixed()).isFalse();
        assertThat(PortRange.FREE.of(7)).isZero();
        assertThatCode(() -> PortRange.FREE.requireRoomFor(100_000)).doesNotThrowAnyException();
    }

    @Test
    void endsWherePortsEnd() {
        PortRange range = new PortRange(65_532);
        assertThatCode(() -> range.requireRoomFor(4)).doesNotThrowAnyException();
        assertThatThrownBy(() -> range.requireRoomFor(5))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("5 ranks would need the ports 65532 to 65536")
                .hasMessageContaining("begin at 65531 or below");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 65_536})
    void refusesWhatIsNoPort(int first) {
        assertThatThrownBy(() -> new PortRange(first))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(first + " is not a port");
    }
}
