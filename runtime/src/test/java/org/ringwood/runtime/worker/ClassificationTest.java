package org.ringwood.runtime.worker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.ringwood.runtime.cluster.Member;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.outcome.JobFailure;

class ClassificationTest {
    private static final Member ME = new Member(3, "here", 7);

    @Test
    void aFullSharedMemoryIsTheEnvironments() {
        InternalError fault = new InternalError("a fault occurred in an unsafe memory access operation");
        JobFailure failure = Classification.of(new IllegalStateException("the driver did not start", fault), ME);
        assertThat(failure.status()).isEqualTo(ExitStatus.BAD_INPUT);
        assertThat(failure.sentence()).startsWith("rank 3 (here, process 7) ").contains("/dev/shm is full");
    }

    @Test
    void whatNobodyExpectsIsInternal() {
        JobFailure failure = Classification.of(new InternalError("the JVM is broken"), ME);
        assertThat(failure.status()).isEqualTo(ExitStatus.INTERNAL);
        assertThat(failure.sentence()).startsWith("rank 3 (here, process 7) ").contains("the JVM is broken");
    }
}
