package org.ringwood.kernels.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CpuListTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"0; 0", "0-3,8; 0-3,8", " 5 , 2-4; 5,2-4", "1,2,3; 1-3", "7,6,5; 7,6,5", "3-3; 3", "8191; 8191"})
    void readsNumbersAndRangesAndKeepsTheirOrder(String text, String canonical) {
        assertThat(CpuList.parse(text)).hasToString(canonical);
        assertThat(CpuList.parse(canonical)).isEqualTo(CpuList.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",", "a", "1,", "-1", "1-", "-", "0x1", "1-2-3", "1.5", "4000000000"})
    void refusesWhatIsNoList(String text) {
        assertThatThrownBy(() -> CpuList.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("\"" + text + "\" is no list of cpus such as 0-3,8");
    }

    @Test
    void namesWhatCannotBe() {
        assertThatThrownBy(() -> CpuList.parse("0-3,2")).hasMessage("cpu 2 is named twice");
        assertThatThrownBy(() -> CpuList.parse("1,4-3")).hasMessage("\"4-3\" is no range of cpus");
        assertThatThrownBy(() -> CpuList.parse("0-2000000000")).hasMessage("cpu 2000000000 is not within 0 to 8191");
        assertThatThrownBy(() -> CpuList.parse("8192")).hasMessage("cpu 8192 is not within 0 to 8191");
        assertThatThrownBy(() -> new CpuList(List.of(-1))).hasMessage("cpu -1 is not within 0 to 8191");
    }

    @Test
    void partsAreConsecutiveDisjointAndEven() {
        assertThat(CpuList.parse("0-3,8-11").part(1, 2)).hasToString("8-11");
        CpuList all = CpuList.parse("9,0-6");
        for (int parts = 1; parts <= 10; parts++) {
            int count = parts;
            List<CpuList> cut =
                    IntStream.range(0, parts).mapToObj(i -> all.part(i, count)).toList();
            assertThat(cut.stream().flatMap(part -> part.cpus().stream())).isEqualTo(all.cpus());
            assertThat(cut.stream().mapToInt(CpuList::size))
                    .allMatch(size -> size == 8 / count || size == 8 / count + 1);
        }
    }

    @Test
    void emptyListsMayBeAnyCpus() {
        CpuList some = CpuList.parse("1,4");
        assertThat(some.mayOverlap(CpuList.parse("2-4"))).isTrue();
        assertThat(some.mayOverlap(CpuList.parse("2-3"))).isFalse();
        assertThat(some.mayOverlap(CpuList.NONE)).isTrue();
        assertThat(CpuList.NONE.mayOverlap(some)).isTrue();
    }

    @Test
    void eachThreadHasOneOfEnoughAndAllOfTooFew() {
        CpuList three = CpuList.parse("4,1,2");
        assertThat(Stream.of(0, 1, 2).map(thread -> three.of(thread, 3).toString()))
                .containsExactly("4", "1", "2");
        assertThat(three.of(0, 2)).hasToString("4");
        assertThat(three.of(3, 4)).isEqualTo(three);
        assertThat(CpuList.NONE.of(0, 1)).isEqualTo(CpuList.NONE);
    }
}
