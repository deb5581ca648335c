package org.ringwood.benchmarks.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoundsTest {
    @Test
    void theMedianIsTheMiddleOrTheMeanOfBothInTheMiddle() {
        assertThat(Rounds.median(5)).isEqualTo(5);
        assertThat(Rounds.median(9, 1, 5)).isEqualTo(5);
        assertThat(Rounds.median(9, 1, 5, 6)).isEqualTo(5.5);
    }

    @Test
    void samplersTakeTurnsAfterAllAreWarm() {
        List<String> log = new ArrayList<>();
        Rounds rounds = new Rounds();
        Rounds.Series first = rounds.add(new Counter("a", log));
        Rounds.Series second = rounds.add(new Counter("b", log));
        rounds.run(0);
        assertThat(log).containsExactly("warm a", "warm b", "a", "b", "b", "a", "a", "b");
        assertThat(first.median()).isEqualTo(2);
        assertThat(second.median()).isEqualTo(2);
    }

    /** Its samples are 1, 2, 3, …. */
    private static final class Counter implements Sampler {
        private final String name;
        private final List<String> log;
        private int samples;

        Counter(String name, List<String> log) {
            this.name = name;
            this.log = log;
        }

        @Override
        public void warmUp() {
            log.add("warm " + name);
        }

        @Override
        public double sample() {
            log.add(name);
            return ++samples;
        }
    }
}
