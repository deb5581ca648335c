package org.ringwood.runtime.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.attention.Mask;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.AttentionKernels;
import org.ringwood.kernels.Cancellation;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.runtime.job.Inputs;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.job.JobFile;
import org.ringwood.runtime.job.Verify;
import org.ringwood.runtime.tensors.TensorSource;

class VerificationTest {
    /** A rank's rows out of the middle of the sequence, in two runs. */
    private static final Positions ROWS = Positions.of(List.of(new Chunk(10, 40), new Chunk(80, 97)));

    private static final Verification.Listener SILENT = (_, _) -> {};

    private final Arena arena = Arena.ofAuto();
    private Tensor out = Tensor.dense(arena.allocate(4), DType.F32, 1, 1, 1);
    private Tensor lse = Tensor.dense(arena.allocate(4), DType.F32, 1, 1, 1);

    private static Job job(String mask, String dtype) {
        return JobFile.parse(
                "attention: {mask: " + mask
                        + ", softcap: 20}\ninput: {random: {tokens: 60, queries: 50, batch: 2, heads: 3, "
                        + "kvHeads: 2, dim: 5, dimV: 4, dtype: " + dtype + "}}\n",
                Path.of("/job.yaml"),
                List.of(),
                Map.of());
    }

    private Tensor load(TensorSource source, Positions tokens) {
        var shape = source.shape();
        long bytes = Tensor.denseBytes(shape.dtype(), tokens.rows(), shape.heads(), shape.dim());
        Tensor tensor = Tensor.dense(arena.allocate(bytes), shape.dtype(), tokens.rows(), shape.heads(), shape.dim());
        source.read(tokens, 0, tensor);
        return tensor;
    }

    /** Attention of the rank's rows to all keys, by the scalar device. */
    private void compute(Inputs inputs, Mask mask) throws Exception {
        Tensor queries = load(inputs.queries(), ROWS);
        Positions all = Positions.range(0, inputs.keys().shape().tokens());
        int dimV = inputs.values().shape().dim();
        int heads = queries.heads();
        SoftmaxState state = new SoftmaxState(
                arena.allocate(SoftmaxState.bytes(ROWS.rows(), heads, dimV)), ROWS.rows(), heads, dimV);
        out = Tensor.dense(
                arena.allocate(Tensor.denseBytes(queries.dtype(), ROWS.rows(), heads, dimV)),
                queries.dtype(),
                ROWS.rows(),
                heads,
                dimV);
        lse = Tensor.dense(arena.allocate(ROWS.rows() * heads * 4), DType.F32, ROWS.rows(), heads, 1);
        try (Device device = Devices.open(Devices.Kind.SCALAR, 1)) {
            AttentionKernels kernels = device.kernels();
            kernels.clear(state).get();
            kernels.attend(new AttentionCall(
                            queries,
                            load(inputs.keys(), all),
                            load(inputs.values(), all),
                            ROWS,
                            all,
                            mask.slices(),
                            inputs.scale(),
                            20,
                            state,
                            Cancellation.NEVER))
                    .get();
            kernels.finish(state, out, lse).get();
        }
    }

    private static Verification verification(Inputs inputs, Verify extent) {
        return new Verification(inputs, inputs.mask(), 20, extent, 2, Cancellation.NEVER);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "full",
                "causal",
                "{causal: true, window: {left: 3, sinks: 2}}",
                "{queryDocuments: [0, 1, 1, 50], keyDocuments: [0, 9, 9, 60]}",
                "{slices: [[0, 20, 5, 9, full], [45, 50, 0, 60, bi-causal]]}"
            })
    void passesARightResultAndCatchesAWrongOne(String mask) throws Exception {
        for (String dtype : List.of("f32", "f16", "bf16")) {
            try (Inputs inputs = Inputs.open(job(mask, dtype))) {
                compute(inputs, inputs.mask());
                Verification all = verification(inputs, new Verify.All());
                Verification some = verification(inputs, new Verify.Samples(40));

                Accuracy right = all.judge(ROWS, out, lse, SILENT);
                assertThat(right.holds()).as("%s", right).isTrue();
                assertThat(right.rows()).isEqualTo(ROWS.rows() * 3);
                assertThat(some.judge(ROWS, out, lse, SILENT)).satisfies(accuracy -> {
                    assertThat(accuracy.holds()).isTrue();
                    assertThat(accuracy.rows()).isBetween(10L, 30L);
                });

                float before = out.get(33, 1, 3);
                out.set(33, 1, 3, before + 0.1f);
                assertThat(all.judge(ROWS, out, lse, SILENT).holds()).isFalse();
                out.set(33, 1, 3, Float.NaN);
                assertThat(all.judge(ROWS, out, lse, SILENT).holds()).isFalse();
                out.set(33, 1, 3, before);
                lse.set(46, 2, 0, lse.get(46, 2, 0) == Float.NEGATIVE_INFINITY ? 0 : lse.get(46, 2, 0) + 0.01f);
                assertThat(all.judge(ROWS, out, lse, SILENT).holds()).isFalse();
            }
        }
    }

    @Test
    void catchesASwappedRowThroughSamples() throws Exception {
        try (Inputs inputs = Inputs.open(job("causal", "f32"))) {
            compute(inputs, inputs.mask());
            Positions shifted = Positions.of(List.of(new Chunk(11, 41), new Chunk(81, 98)));
            assertThat(verification(inputs, new Verify.Samples(20))
                            .judge(shifted, out, lse, SILENT)
                            .holds())
                    .isFalse();
        }
    }

    @Test
    void comparesNothingIfSoAsked() throws Exception {
        try (Inputs inputs = Inputs.open(job("full", "f32"))) {
            compute(inputs, inputs.mask());
            assertThat(verification(inputs, new Verify.None())
                            .judge(ROWS, out, lse, SILENT)
                            .rows())
                    .isZero();
        }
    }

    /** Whoever waits for a rank that verifies must hear of it more often than once. */
    @Test
    void tellsHowFarItIsAfterEveryBlockOfKeys() {
        Job job = JobFile.parse(
                "attention: {mask: full}\ninput: {random: {tokens: 3000000, queries: 9, heads: 1, dim: 1}}\n",
                Path.of("/job.yaml"),
                List.of(),
                Map.of());
        Positions rows = Positions.range(0, 9);
        Tensor any = Tensor.dense(arena.allocate(9 * 4), DType.F32, 9, 1, 1);
        List<Long> told = new ArrayList<>();
        try (Inputs inputs = Inputs.open(job)) {
            verification(inputs, new Verify.All()).judge(rows, any, any, (pairs, ofPairs) -> {
                assertThat(ofPairs).isEqualTo(9);
                told.add(pairs);
            });
        }
        assertThat(told).hasSizeGreaterThan(2).isSorted().endsWith(9L);
    }

    @Test
    void canBeCancelled() throws Exception {
        try (Inputs inputs = Inputs.open(job("full", "f32"))) {
            compute(inputs, inputs.mask());
            Verification cancelled = new Verification(inputs, inputs.mask(), 20, new Verify.All(), 1, () -> true);
            assertThatThrownBy(() -> cancelled.judge(ROWS, out, lse, SILENT)).isInstanceOf(CancellationException.class);
        }
    }
}
