package org.ringwood.collectives.aeron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.collectives.GroupFactory;
import org.ringwood.collectives.Job;
import org.ringwood.collectives.Topology;

class AeronConfigTest {
    private static final String WINDOW = "ringwood.aeron.window.bytes";
    private static final String SILENCE = "ringwood.aeron.silence.ms";

    @AfterEach
    void restoreProperties() {
        System.clearProperty(WINDOW);
        System.clearProperty(SILENCE);
    }

    @Test
    void takesPropertiesInPlaceOfDefaults() {
        assertThat(AeronTuning.fromProperties()).isEqualTo(AeronTuning.DEFAULT);
        System.setProperty(WINDOW, "131072");
        System.setProperty(SILENCE, "1500");
        assertThat(AeronTuning.fromProperties().windowBytes()).isEqualTo(131072);
        assertThat(AeronTuning.fromProperties().silence()).isEqualTo(Duration.ofMillis(1500));
    }

    @ParameterizedTest
    @ValueSource(strings = {"many", "", "-1", "100", "16777216", "99999999999"})
    void namesAPropertyThatIsWrong(String value) {
        System.setProperty(WINDOW, value);
        assertThatThrownBy(AeronTuning::fromProperties)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(WINDOW + " is " + value);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::", "224.0.0.1"})
    void bindsToOneInterfaceOnly(String address) {
        InetSocketAddress wildcard = new InetSocketAddress(address, 0);
        Job job = new Job(1, 0, Topology.singleNode(2), GroupFactory.PATIENT);
        assertThatThrownBy(
                        () -> new AeronConfig(job, 0, wildcard, Media.AUTO, new LocalRendezvous(), AeronTuning.DEFAULT))
                .hasMessageContaining("name the address of one interface");
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:4000", "[::1]:4000", Address.NONE})
    void readsAddressesAsTheyWerePublished(String endpoint) {
        Address address = new Address(endpoint, 4096, 65536, 17, "a host, with spaces");
        assertThat(Address.decode(address.encoded())).isEqualTo(address);
        assertThatThrownBy(() -> Address.decode("127.0.0.1:4000")).hasMessageContaining("127.0.0.1:4000");
    }
}
