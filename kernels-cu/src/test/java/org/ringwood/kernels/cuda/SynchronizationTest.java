package org.ringwood.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.ringwood.kernels.cuda.Mutants.Check;
import org.ringwood.kernels.cuda.Mutants.Outcome;

/** No barrier of the kernels and no wait is there for nothing, and none can be lost unnoticed: each in turn is left out, and {@code check} fails. */
@Timeout(300)
class SynchronizationTest {
    /** Tiles that are whole, split keys, states that are merged, and values that are set aside: all that has a barrier. */
    private static final List<String> CASES =
            List.of("few queries over many keys", "accumulation in pieces", "not finite in their rows only");

    @Test
    void everyBarrierAndWaitIsNeeded() throws Exception {
        List<Outcome> outcomes = build().outcomes(
                        mutant -> mutant.synchronization() && !mutant.file().matches(".*float.*"), ignored -> {});
        assertThat(outcomes)
                .hasSizeGreaterThan(16)
                .allSatisfy(outcome -> assertThat(outcome.survives()).isFalse());
    }

    /** Of bf16 and of the states; those of f32, by the program mutate. */
    private static Mutants build() {
        try {
            return Mutants.build("mutants-of-barriers", List.of("bf16"), CASES, Check.THREAD);
        } catch (UnsupportedOperationException missing) {
            return abort("the kernels can't be built here: " + missing.getMessage());
        }
    }
}
