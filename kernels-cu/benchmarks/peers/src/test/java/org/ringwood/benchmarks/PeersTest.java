package org.ringwood.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.benchmarks.libtorch.LibTorch;
import org.ringwood.benchmarks.measure.KernelBench;
import org.ringwood.benchmarks.measure.Measurement;
import org.ringwood.benchmarks.measure.Measurement.Outcome;
import org.ringwood.benchmarks.onnxruntime.OnnxRuntime;
import org.ringwood.benchmarks.workload.KernelCase;
import org.ringwood.benchmarks.workload.WorkloadText;

/** Whatever a peer does not decline, it computes: both layouts, grouped heads, several sequences, every dtype. */
class PeersTest {
    @AutoClose
    private static final KernelBench BENCH = new KernelBench(List.of(new LibTorch(), new OnnxRuntime()), 1e-3);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "rows=1,dim=1",
                "rows=65,heads=3,dim=20",
                "rows=65,heads=3,dim=20,mask=causal,layout=thd",
                "rows=40,keys=70,dim=24,dimv=40",
                "rows=33,heads=4,dim=16,items=3,mask=causal",
                "rows=33,heads=4,dim=16,items=3,layout=thd",
                "rows=50,heads=6/2,dim=32",
                "rows=50,heads=6/2,dim=32,layout=thd,mask=causal",
                "rows=50,heads=6/3,dim=32,items=3",
                "rows=50,heads=4,dim=64,dtype=bf16",
                "rows=50,heads=4/1,dim=64,dtype=f16,mask=causal",
                "rows=1,keys=300,heads=4,dim=16,items=2",
                "rows=2,keys=300,heads=4,dim=16,dimv=8,layout=thd",
                "rows=1,keys=300,heads=8/2,dim=16,items=2",
                "rows=65,heads=3,dim=20,pass=backward",
                "rows=33,heads=4,dim=16,items=3,mask=causal,layout=thd,pass=backward",
                "rows=40,keys=70,heads=2,dim=24,items=2,pass=backward",
                "rows=50,heads=4,dim=64,dtype=bf16,mask=causal,pass=backward"
            })
    void aPeerComputesWhatRingwoodDoes(String text) {
        Measurement measured = BENCH.measure(KernelCase.of(WorkloadText.parse(text)), 1);
        List<Outcome.Measured> there = measured.peers().stream()
                .flatMap(outcome -> outcome instanceof Outcome.Measured done ? Stream.of(done) : Stream.of())
                .toList();
        assertThat(there).isNotEmpty().allMatch(peer -> measured.isSame(peer.timing()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "rows=64,dim=16,mask=window:9",
                "rows=64,dim=16,mask=documents:3",
                "rows=30,keys=64,dim=16,mask=causal",
                "rows=30,heads=8/3,dim=16",
                "rows=30,heads=8/2,dim=16,items=2,layout=thd",
                "rows=30,heads=8/2,dim=16,pass=backward"
            })
    void aPeerDeclinesWhatItHasNoKernelFor(String text) {
        assertThat(BENCH.measure(KernelCase.of(WorkloadText.parse(text)), 1).peers())
                .hasOnlyElementsOfType(Outcome.Absent.class);
    }
}
