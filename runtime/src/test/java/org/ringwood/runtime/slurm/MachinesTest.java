package org.ringwood.runtime.slurm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Machines without Slurm, as experiments use them. */
@Timeout(120)
class MachinesTest {
    @TempDir
    private Path directory;

    @Test
    void machinesHaveNamesAndALimitedNetworkOfTheirOwn() throws Exception {
        TestCluster cluster = TestCluster.start("machines", 2, directory);
        try {
            cluster.script("rate", "n2", "20mbit", "64mb").requireSuccess();
            assertThat(cluster.script("on", "n2", "hostname").requireSuccess()).isEqualTo("n2");
            assertThat(cluster.script("on", "n2", "tc", "qdisc", "show", "dev", "eth0")
                            .requireSuccess())
                    .contains("tbf", "rate 20Mbit");
            assertThat(cluster.script("on", "n1", "sh", "-c", "pgrep slurmd || echo none")
                            .requireSuccess())
                    .isEqualTo("none");
            TestCluster.Outcome wrong = cluster.script("rate", "n2", "quick");
            assertThat(wrong.code()).as(wrong.text()).isEqualTo(2);
            assertThat(wrong.text()).contains("tc refuses the rate 'quick'");
        } finally {
            cluster.stop();
            assertThat(cluster.processes()).isEmpty();
        }
    }
}
