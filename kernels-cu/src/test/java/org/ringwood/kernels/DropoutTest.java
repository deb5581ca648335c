package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.function.LongToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The mask of dropout: its generator, its definition, and that it looks random. */
class DropoutTest {
    /** Of Random123, kat_vectors: counter, key, random words. */
    @ParameterizedTest
    @CsvSource({
        "00000000 00000000 00000000 00000000, 00000000 00000000, 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
        "ffffffff ffffffff ffffffff ffffffff, ffffffff ffffffff, 408f276d 41c83b0e a20bc7c6 6d5451fd",
        "243f6a88 85a308d3 13198a2e 03707344, a4093822 299f31d0, d16cfe09 94fdcceb 5001e420 24126ea1"
    })
    void philoxGivesTheKnownAnswers(String counter, String key, String answer) {
        int[] words = words(counter);
        int[] keys = words(key);
        Philox.randomize(words, Integer.toUnsignedLong(keys[0]) | (long) keys[1] << 32);
        assertThat(words).isEqualTo(words(answer));
    }

    private static int[] words(String hexadecimal) {
        return hexadecimal
                .lines()
                .flatMap(line -> Stream.of(line.split(" ")))
                .mapToInt(word -> Integer.parseUnsignedInt(word, 16))
                .toArray();
    }

    /** As documented, in numbers of arbitrary size. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void theMaskIsTheDocumentedOne(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 2000; i++) {
            Dropout dropout = new Dropout(random.nextDouble(), random.nextLong(), random.nextInt(100));
            int head = random.nextInt(1000);
            long query = random.nextLong(1L << (4 + random.nextInt(44)));
            long key = random.nextLong(1L << (4 + random.nextInt(44)));
            long block = key / 8;
            int[] words = {
                (int) block,
                (int) query,
                (int) (block / (1L << 32) + (1L << 16) * (query / (1L << 32))),
                dropout.firstHead() + head
            };
            Philox.randomize(words, dropout.seed());
            long number = Integer.toUnsignedLong(words[(int) (key % 8 / 2)]) / (key % 2 == 0 ? 1 : 1 << 16) % (1 << 16);
            assertThat(dropout.keeps(head, query, key))
                    .as("seed %d: %s, head %d, query %d, key %d", seed, dropout, head, query, key)
                    .isEqualTo(number >= Math.round(dropout.rate() * 65536));
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.1, 0.5, 0.9})
    void factorsKeepTheMean(double rate) {
        Dropout dropout = new Dropout(rate, 9);
        double sum = 0;
        LongToDoubleFunction factors = dropout.fromHead(2).factors(1, 77);
        for (long key = 0; key < 100_000; key++) {
            double factor = factors.applyAsDouble(key);
            assertThat(factor).isEqualTo(dropout.keeps(3, 77, key) ? dropout.scale() : 0);
            sum += factor;
        }
        // Five standard deviations of the mean.
        double deviation = Math.sqrt(rate / (1 - rate) / 100_000);
        assertThat(sum / 100_000).isCloseTo(1, within(5 * deviation));
    }

    @Test
    void ratesAreMultiplesOfTwoToTheMinus16() {
        assertThat(new Dropout(0.1, 0).threshold()).isEqualTo(6554);
        assertThat(new Dropout(0.1, 0).scale()).isEqualTo(65536.0 / (65536 - 6554));
        assertThat(new Dropout(0.5, 0).scale()).isEqualTo(2);
        assertThat(new Dropout(Math.nextDown(1.0), 0).scale()).isEqualTo(65536);
        assertThat(new Dropout(0x1p-18, 0).isNone()).isTrue();
        assertThat(new Dropout(0x1p-17, 0).isNone()).isFalse();
        assertThat(Dropout.NONE.factors(0, 0).applyAsDouble(5)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 1, 1.5, Double.NaN})
    void otherRatesAreRefused(double rate) {
        assertThatThrownBy(() -> new Dropout(rate, 0))
                .hasMessage("dropout of rate " + rate + " is not possible; take 0 or more, and less than 1");
    }

    /** Masks that differ by one in a coordinate, or in the seed, agree as often as independent ones. */
    @ParameterizedTest
    @CsvSource({
        "1, 0, 0, 0",
        "0, 1, 0, 0",
        "0, 0, 1, 0",
        "0, 0, 8, 0",
        "0, 0, 0, 1",
        "0, 4294967296, 0, 0",
        "0, 0, 34359738368, 0"
    })
    void neighboursAreIndependent(int heads, long queries, long keys, long seeds) {
        double rate = 0.25;
        Dropout dropout = new Dropout(rate, 1234);
        Dropout neighbour = new Dropout(rate, 1234 + seeds);
        int kept = 0;
        int both = 0;
        int pairs = 0;
        for (int head = 0; head < 4; head++) {
            for (long query = 0; query < 64; query++) {
                for (long key = 0; key < 512; key++, pairs++) {
                    boolean keeps = dropout.keeps(head, query, key);
                    kept += keeps ? 1 : 0;
                    both += keeps && neighbour.keeps(head + heads, query + queries, key + keys) ? 1 : 0;
                }
            }
        }
        assertBinomial(kept, pairs, 1 - rate);
        assertBinomial(both, pairs, (1 - rate) * (1 - rate));
    }

    /** Within five standard deviations. */
    private static void assertBinomial(int count, int of, double probability) {
        assertThat((double) count)
                .isCloseTo(of * probability, within(5 * Math.sqrt(of * probability * (1 - probability))));
    }

    /** No key, query or head is dropped more often than others. */
    @Test
    void everyKeyIsDroppedAlike() {
        Dropout dropout = new Dropout(0.3, -5);
        for (long key = 0; key < 24; key++) {
            int kept = 0;
            for (long query = 0; query < 4000; query++) {
                kept += dropout.keeps(0, query, key) ? 1 : 0;
            }
            assertBinomial(kept, 4000, 0.7);
        }
    }
}
