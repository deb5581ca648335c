package org.ringwood.collectives.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostListTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "n1 | n1",
                "n[01-03,7],m5 | n01 n02 n03 n7 m5",
                "node-a,node-b | node-a node-b",
                "n[8-11] | n8 n9 n10 n11",
                "n[008-011] | n008 n009 n010 n011",
                "r[1-2]c[01-02]x | r1c01x r1c02x r2c01x r2c02x",
                "gpu[3].cluster.example | gpu3.cluster.example",
                "n[5-5] | n5",
            })
    void expands(String list, String hosts) {
        assertThat(HostList.expand(list)).containsExactly(hosts.split(" "));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ",",
                "n[",
                "n[1",
                "n[]",
                "n[1-]",
                "n[-1]",
                "n[3-1]",
                "n[1-2-3]",
                "n[a-b]",
                "n1]",
                "n[[1]]",
                "a,,b",
                "n[1,]"
            })
    void refusesWhatIsNoList(String list) {
        assertThatThrownBy(() -> HostList.expand(list))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + list + "' is not a Slurm host list");
    }

    @Test
    void refusesMoreHostsThanThereAre() {
        assertThatThrownBy(() -> HostList.expand("n[0-99999999999]")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> HostList.expand("n[0-9999]m[0-9999]")).isInstanceOf(IllegalArgumentException.class);
    }
}
