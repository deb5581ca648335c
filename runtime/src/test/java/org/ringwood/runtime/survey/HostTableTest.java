package org.ringwood.runtime.survey;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.ringwood.runtime.survey.Clocks.Reading;
import org.ringwood.runtime.survey.HostTable.Host;

class HostTableTest {
    private static final long GIB = 1L << 30;

    private static HostFacts facts(String jdk, String commit, int bound, String... missing) {
        return new HostFacts(
                "ignored",
                commit,
                jdk,
                "512-bit vectors",
                bound,
                64,
                256 * GIB,
                100 * GIB,
                "10.0.0.7",
                "ib0",
                List.of(missing));
    }

    private static Host host(String name, int firstRank, HostFacts... ofRanks) {
        return new Host(
                name,
                IntStream.range(firstRank, firstRank + ofRanks.length).boxed().toList(),
                List.of(ofRanks),
                new Reading(1500, 900));
    }

    @Test
    void hostsThatAreAlikeHaveALineEach() {
        HostFacts usual = facts("25.0.1", "abc", 16, "CUDA");
        HostFacts narrower = facts("25.0.1", "abc", 8, "CUDA");
        HostTable table = new HostTable(List.of(host("n1", 0, usual, usual), host("n2", 2, usual, narrower)));
        assertThat(table.toString().lines()).hasSize(3);
        assertThat(table.toString())
                .containsPattern(
                        "✓ +n1 +0-1 +25.0.1 +512-bit vectors +16 of 64 +256 GiB +100 GiB +no +yes +10.0.0.7 \\(ib0\\)")
                .containsPattern("✓ +n2 +2-3 .* 8-16 of 64 .* 1.5 ms +0.9 ms")
                .doesNotContain("✗");
    }

    @Test
    void aHostThatIsUnlikeTheOthersIsMarkedWithTheReason() {
        HostFacts usual = facts("25.0.1", "abc", 16);
        HostTable table = new HostTable(List.of(
                host("n1", 0, facts("25.0.1", "abc", 16, "/dev/shm")),
                host("n2", 1, usual),
                host("n3", 2, facts("26", "def", 16)),
                host("n4", 3, usual)));
        assertThat(table.toString().lines().skip(1).limit(4).map(line -> line.substring(0, 1)))
                .containsExactly("✗", "✓", "✗", "✓");
        assertThat(table.toString().lines().skip(5))
                .containsExactly(
                        "n1: /dev/shm is missing here, and there on most hosts: give all hosts the same",
                        "n3: Ringwood is def here, and abc on most hosts: give all hosts the same",
                        "n3: JDK is 26 here, and 25.0.1 on most hosts: give all hosts the same");
    }

    @Test
    void ofTwoThatDifferTheSecondIsMarked() {
        HostTable table =
                new HostTable(List.of(host("n1", 0, facts("25", "abc", 1)), host("n2", 1, facts("26", "abc", 1))));
        assertThat(table.toString()).contains("n2: JDK is 26 here").doesNotContain("n1: ");
    }

    @Test
    void aClockThatIsFarAheadIsTold() {
        HostFacts usual = facts("25", "abc", 1);
        Host late = new Host("n2", List.of(1), List.of(usual), new Reading(-3_000_000, 2000));
        assertThat(new HostTable(List.of(host("n1", 0, usual), late)).toString())
                .contains("n2: its clock is -3000.0 ms ahead", "NTP");
    }
}
