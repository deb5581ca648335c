package org.ringwood.benchmarks.workload;

import static org.ringwood.kernels.DType.BF16;
import static org.ringwood.kernels.DType.F16;

import java.util.List;
import java.util.stream.Stream;

/** The cases of {@code ringwood bench kernels}. */
public final class CaseTable {
    private static final Masking CAUSAL = new Masking.Causal();
    private static final Workload TYPICAL = Workload.square(2048, 8, 128);
    /** A long sequence has two heads, or a full attention would take most of the time of all cases. */
    private static final Workload LONG = Workload.square(16384, 2, 128);

    private static final Workload DECODE = Workload.decode(1, 131_072, 8, 8, 128);

    private CaseTable() {}

    /** All cases: a quarter of an hour on two cores. */
    public static List<KernelCase> complete() {
        return Stream.of(sizes(), tails(), heads(), types(), sparse(), decode(), backward(), dropout())
                .flatMap(List::stream)
                .toList();
    }

    /** One case of each kind: some two minutes on two cores. */
    public static List<KernelCase> quick() {
        return List.of(
                KernelCase.of(TYPICAL),
                KernelCase.of(TYPICAL.withMasking(CAUSAL)),
                KernelCase.of(Workload.square(2048, 8, 64)),
                KernelCase.of(Workload.square(2049, 8, 80)).against(2048),
                KernelCase.of(TYPICAL.withKeyHeads(2)),
                KernelCase.of(TYPICAL.withDtype(BF16)),
                KernelCase.of(LONG.withMasking(new Masking.Window(1024))),
                KernelCase.of(DECODE),
                KernelCase.of(DECODE.withKeyHeads(1)),
                KernelCase.of(TYPICAL.backward()),
                KernelCase.of(TYPICAL.withMasking(CAUSAL).backward()));
    }

    private static List<KernelCase> sizes() {
        return List.of(
                KernelCase.of(Workload.square(1024, 8, 128)),
                KernelCase.of(TYPICAL).withEachCount(),
                KernelCase.of(TYPICAL.withMasking(CAUSAL)).withEachCount(),
                KernelCase.of(TYPICAL.withTokens(4096)),
                KernelCase.of(TYPICAL.withTokens(4096).withMasking(CAUSAL)),
                KernelCase.of(LONG),
                KernelCase.of(LONG.withMasking(CAUSAL)),
                KernelCase.of(Workload.square(1024, 8, 64)),
                KernelCase.of(Workload.square(2048, 8, 64)).withEachCount(),
                KernelCase.of(Workload.square(2048, 8, 64).withMasking(CAUSAL)),
                KernelCase.of(Workload.square(2048, 8, 80)),
                KernelCase.of(Workload.square(2048, 8, 80).withMasking(CAUSAL)),
                KernelCase.of(Workload.square(2048, 8, 256)),
                KernelCase.of(Workload.square(2048, 8, 256).withMasking(CAUSAL)),
                KernelCase.of(TYPICAL.withLayout(Workload.Layout.THD)));
    }

    private static List<KernelCase> tails() {
        return List.of(
                KernelCase.of(Workload.square(2049, 8, 80)).against(2048),
                KernelCase.of(Workload.square(2049, 8, 80).withMasking(CAUSAL)).against(2048));
    }

    private static List<KernelCase> heads() {
        return List.of(
                KernelCase.of(TYPICAL.withKeyHeads(2)),
                KernelCase.of(TYPICAL.withKeyHeads(1)),
                KernelCase.of(TYPICAL.withKeyHeads(2).withMasking(CAUSAL)));
    }

    private static List<KernelCase> types() {
        return List.of(
                KernelCase.of(TYPICAL.withDtype(BF16)),
                KernelCase.of(TYPICAL.withDtype(BF16).withMasking(CAUSAL)),
                KernelCase.of(TYPICAL.withDtype(F16)));
    }

    private static List<KernelCase> sparse() {
        return List.of(
                KernelCase.of(LONG.withMasking(new Masking.Window(1024))),
                KernelCase.of(LONG.withMasking(new Masking.Documents(16, false))),
                KernelCase.of(LONG.withMasking(new Masking.Documents(16, true))));
    }

    private static List<KernelCase> decode() {
        return List.of(
                KernelCase.of(DECODE).withEachCount(),
                KernelCase.of(DECODE.withDtype(BF16)).withEachCount(),
                KernelCase.of(DECODE.withKeyHeads(1)),
                KernelCase.of(DECODE.withKeyHeads(1).withDtype(BF16)),
                KernelCase.of(Workload.decode(16, 8192, 8, 8, 128)),
                KernelCase.of(Workload.decode(16, 8192, 8, 2, 128).withDtype(BF16)));
    }

    private static List<KernelCase> dropout() {
        return Stream.of(TYPICAL, Workload.square(2048, 8, 64))
                .map(workload -> workload.withMasking(CAUSAL).withDropout(0.1))
                .flatMap(workload -> Stream.of(workload, workload.backward()))
                .map(KernelCase::of)
                .toList();
    }

    private static List<KernelCase> backward() {
        Stream<KernelCase> sizes = Stream.of(128, 64)
                .flatMap(dim -> Stream.of(1024, 2048, 4096).map(tokens -> Workload.square(tokens, 8, dim)))
                .flatMap(workload -> Stream.of(workload, workload.withMasking(CAUSAL)))
                .map(Workload::backward)
                .map(KernelCase::of);
        Stream<KernelCase> others = Stream.of(
                KernelCase.of(Workload.square(2048, 8, 80).backward()),
                KernelCase.of(TYPICAL.withKeyHeads(2).backward()),
                KernelCase.of(TYPICAL.withDtype(BF16).backward()),
                KernelCase.of(TYPICAL.withDtype(BF16).withMasking(CAUSAL).backward()));
        return Stream.concat(sizes, others).toList();
    }
}
