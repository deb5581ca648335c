package org.ringwood.benchmarks.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.benchmarks.measure.Measurement.Outcome;
import org.ringwood.benchmarks.peer.Contender;
import org.ringwood.benchmarks.peer.Operands;
import org.ringwood.benchmarks.peer.Peer;
import org.ringwood.benchmarks.workload.KernelCase;
import org.ringwood.benchmarks.workload.Quantity;
import org.ringwood.benchmarks.workload.Workload;
import org.ringwood.benchmarks.workload.WorkloadText;

class KernelBenchTest {
    private static final double SHORT = 1e-3;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "rows=65,heads=4/2,dim=20,mask=causal",
                "rows=40,dim=16,dtype=bf16,mask=documents:3,layout=thd",
                "rows=1,keys=300,heads=4/1,dim=24,dimv=16,dtype=f16,items=3",
                "rows=65,heads=4/2,dim=20,dimv=12,mask=causal,pass=backward",
                "rows=40,dim=16,dtype=bf16,mask=documents:3,layout=thd,pass=backward",
                "rows=65,heads=4/2,dim=20,mask=causal,dropout=0.3",
                "rows=65,heads=4/2,dim=20,mask=causal,pass=backward,dropout=0.3"
            })
    void aCaseIsMeasuredAndRight(String text) {
        Workload workload = WorkloadText.parse(text);
        try (KernelBench bench = new KernelBench(List.of(), SHORT)) {
            Measurement measured = bench.measure(KernelCase.of(workload), 1);
            assertThat(measured.exact()).isTrue();
            assertThat(measured.own().seconds()).isPositive().isFinite();
            assertThat(measured.own().relativeError()).isPositive();
            assertThat(measured.isSame(measured.own())).isTrue();
            assertThat(measured.ceiling()).isPositive().isFinite();
            assertThat(measured.rate(measured.own())).isPositive().isFinite();
            assertThat(measured.relativeCost().isPresent())
                    .isEqualTo(KernelCase.of(workload).baseline().isPresent());
        }
    }

    @Test
    void aPeerThatComputesSomethingElseIsSeen() {
        Workload workload = WorkloadText.parse("rows=33,heads=2,dim=8");
        try (KernelBench bench = new KernelBench(List.of(new Idle(), new Twin()), SHORT)) {
            Measurement measured = bench.measure(KernelCase.of(workload), 1);
            assertThat(measured.peers().getFirst()).isInstanceOfSatisfying(Outcome.Measured.class, idle -> {
                assertThat(idle.timing().relativeError()).isEqualTo(1);
                assertThat(idle.largestDifference()).isPositive();
                assertThat(measured.isSame(idle.timing())).isFalse();
            });
            assertThat(measured.peers().getLast()).isInstanceOfSatisfying(Outcome.Measured.class, twin -> {
                assertThat(twin.timing().relativeError())
                        .isEqualTo(measured.own().relativeError());
                assertThat(twin.largestDifference()).isZero();
                assertThat(measured.isSame(twin.timing())).isTrue();
            });
        }
    }

    @Test
    void anAbsentPeerSaysWhy() {
        Peer absent = new Named() {
            @Override
            public Entry enter(Operands operands, int threads) {
                return new Entry.Absent("it rains");
            }
        };
        try (KernelBench bench = new KernelBench(List.of(absent), SHORT)) {
            assertThat(bench.measure(KernelCase.of(Workload.square(5, 1, 4)), 1).peers())
                    .containsExactly(new Outcome.Absent("it rains"));
        }
    }

    private interface Named extends Peer {
        @Override
        default String name() {
            return "a peer";
        }

        @Override
        default String version() {
            return "1";
        }
    }

    /** Ringwood again. */
    private static final class Twin implements Named {
        @Override
        public Entry enter(Operands operands, int threads) {
            return new Entry.Ready(new Ringwood(operands, threads));
        }
    }

    /** Does nothing and leaves zeros. */
    private static final class Idle implements Named, Contender {
        @Override
        public Entry enter(Operands operands, int threads) {
            return new Entry.Ready(this);
        }

        @Override
        public void attend() {}

        @Override
        public void read(Quantity of, long row, int head, float[] into) {
            java.util.Arrays.fill(into, 0);
        }

        @Override
        public void close() {}
    }
}
