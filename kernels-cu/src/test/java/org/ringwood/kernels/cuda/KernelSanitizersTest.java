package org.ringwood.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.kernels.cuda.EmulatedKernels.Ended;

/** The kernels, compiled for the CPU, compute what they should, and g++'s sanitizers find nothing: no overrun, nothing undefined, no race within a block. */
@Timeout(300)
class KernelSanitizersTest {
    /** Of the groups of cases; they run beside each other. The states' kernels take part in all, but their edges are a group of their own. */
    private static final List<String> GROUPS = List.of(" f32", " bf16", "merge");

    @ParameterizedTest
    @ValueSource(strings = {"address", "thread"})
    void findNothing(String sanitizer) {
        EmulatedKernels kernels = build(sanitizer);
        List<Ended> checks = GROUPS.parallelStream().map(kernels::check).toList();
        assertThat(checks).allSatisfy(check -> {
            assertThat(check.status()).as(check.said()).isZero();
            assertThat(check.said()).endsWith("all cases hold");
        });
    }

    private static EmulatedKernels build(String sanitizer) {
        try {
            return EmulatedKernels.build("emulation-" + sanitizer, sanitizer);
        } catch (UnsupportedOperationException missing) {
            return abort("the kernels can't be built here: " + missing.getMessage());
        }
    }
}
