package org.ringwood.runtime.planning;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.ringwood.attention.Weights;
import org.ringwood.runtime.job.Speeds;

class RankSpeedsTest {
    private static RankSpeeds measured(double... gigaflops) {
        List<Double> flops = new ArrayList<>();
        for (double rank : gigaflops) {
            flops.add(rank * 1e9);
        }
        return RankSpeeds.measured(flops);
    }

    private static Weights weights(Integer... weights) {
        return Weights.of(List.of(weights));
    }

    @Test
    void equalMachinesStayEqualWhateverNoise() {
        SplittableRandom seeds = new SplittableRandom();
        for (int i = 0; i < 1000; i++) {
            long seed = seeds.nextLong();
            SplittableRandom random = new SplittableRandom(seed);
            double slowest = Math.pow(10, random.nextDouble(-3, 6));
            double[] ranks = random.doubles(1 + random.nextInt(9), slowest, slowest * 1.25)
                    .toArray();
            ranks[0] = slowest;
            assertThat(measured(ranks).weights().areEqual()).as("seed %d", seed).isTrue();
        }
    }

    @Test
    void ranksOfAKindHaveOneWeight() {
        assertThat(measured(100, 1, 1.2, 110, 120).weights()).isEqualTo(weights(96, 1, 1, 96, 96));
        assertThat(measured(50, 26, 48).weights()).isEqualTo(weights(7, 4, 7));
    }

    @Test
    void weightsAreProportionalWithinAnEighth() {
        SplittableRandom seeds = new SplittableRandom();
        for (int i = 0; i < 1000; i++) {
            long seed = seeds.nextLong();
            double ratio = Math.pow(10, new SplittableRandom(seed).nextDouble(0.1, 5));
            Weights weights = measured(ratio * 7, 7).weights();
            assertThat(weights.overLeast(0) / ratio).as("seed %d", seed).isBetween(0.875, 1.125);
        }
    }

    @Test
    void theFastestIsNotBeyondAllWeights() {
        assertThat(measured(1e-6, 1e12).weights().overLeast(1)).isBetween(1e5, 1e6);
    }

    @Test
    void saysWhereWeightsComeFromAndHowAJobHasThemAgain() {
        RankSpeeds unlike = measured(12.34, 49.4);
        assertThat(unlike.reason()).isEqualTo("measured: 12.3, 49.4 GFLOP/s");
        assertThat(unlike.asJobSays()).isEqualTo(new Speeds.Given(weights(1, 4)));
        assertThat(measured(12.3, 12.4).asJobSays()).isEqualTo(new Speeds.Equal());
    }
}
