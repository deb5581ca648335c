package org.ringwood.kernels;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.kernels.scalar.AttentionProblem;

/**
 * One attention problem with random tensors, to be run on a device and judged by the oracle.
 *
 * @param queries query rows
 * @param keys key rows
 * @param heads heads of the queries
 * @param kvHeads heads of keys and values
 * @param dim elements of queries and keys
 * @param dimV elements of values
 * @param dtype element type
 * @param layout layout of the inputs
 * @param slices slices of rows
 * @param softcap bound of scores, or 0
 * @param spread standard deviation of queries and keys
 * @param seed seed of the numbers
 * @param dropout of weights
 */
public record AttentionCase(
        int queries,
        int keys,
        int heads,
        int kvHeads,
        int dim,
        int dimV,
        DType dtype,
        Layout layout,
        List<Slice> slices,
        float softcap,
        float spread,
        long seed,
        Dropout dropout) {

    /** Causal attention of equally many queries and keys, one head, f32. */
    public static AttentionCase causal(int tokens, int dim) {
        return new AttentionCase(
                tokens,
                tokens,
                1,
                1,
                dim,
                dim,
                DType.F32,
                Layout.DENSE,
                List.of(Slice.of(0, tokens, 0, tokens, Slice.Kind.CAUSAL)),
                0,
                1,
                42,
                Dropout.NONE);
    }

    /** Full attention. */
    public static AttentionCase full(int queries, int keys, int dim) {
        return causal(queries, dim).withTokens(queries, keys).withSlices(List.of(Slice.full(0, queries, 0, keys)));
    }

    /** Other numbers of rows. */
    public AttentionCase withTokens(int newQueries, int newKeys) {
        return new AttentionCase(
                newQueries, newKeys, heads, kvHeads, dim, dimV, dtype, layout, slices, softcap, spread, seed, dropout);
    }

    /** Other slices. */
    public AttentionCase withSlices(List<Slice> newSlices) {
        return new AttentionCase(
                queries, keys, heads, kvHeads, dim, dimV, dtype, layout, newSlices, softcap, spread, seed, dropout);
    }

    /** Other heads. */
    public AttentionCase withHeads(int newHeads, int newKvHeads) {
        return new AttentionCase(
                queries, keys, newHeads, newKvHeads, dim, dimV, dtype, layout, slices, softcap, spread, seed, dropout);
    }

    /** Values of other dim. */
    public AttentionCase withDimV(int newDimV) {
        return new AttentionCase(
                queries, keys, heads, kvHeads, dim, newDimV, dtype, layout, slices, softcap, spread, seed, dropout);
    }

    /** Another element type. */
    public AttentionCase withDType(DType newDType) {
        return new AttentionCase(
                queries, keys, heads, kvHeads, dim, dimV, newDType, layout, slices, softcap, spread, seed, dropout);
    }

    /** Another layout. */
    public AttentionCase withLayout(Layout newLayout) {
        return new AttentionCase(
                queries, keys, heads, kvHeads, dim, dimV, dtype, newLayout, slices, softcap, spread, seed, dropout);
    }

    /** Scores that are bounded. */
    public AttentionCase withSoftcap(float newSoftcap) {
        return new AttentionCase(
                queries, keys, heads, kvHeads, dim, dimV, dtype, layout, slices, newSoftcap, spread, seed, dropout);
    }

    /** Queries and keys of another standard deviation. */
    public AttentionCase withDeviation(float newSpread) {
        return new AttentionCase(
                queries, keys, heads, kvHeads, dim, dimV, dtype, layout, slices, softcap, newSpread, seed, dropout);
    }

    /** Other numbers. */
    public AttentionCase withSeed(long newSeed) {
        return new AttentionCase(
                queries, keys, heads, kvHeads, dim, dimV, dtype, layout, slices, softcap, spread, newSeed, dropout);
    }

    /** Weights that are dropped. */
    public AttentionCase withDropout(Dropout newDropout) {
        return new AttentionCase(
                queries, keys, heads, kvHeads, dim, dimV, dtype, layout, slices, softcap, spread, seed, newDropout);
    }

    /** The tensors of this case, in memory of {@code arena}. */
    public Tensors tensors(Arena arena) {
        Random random = new Random(seed);
        return new Tensors(
                this,
                layout.random(arena, dtype, queries, heads, dim, spread, random),
                layout.random(arena, dtype, keys, kvHeads, dim, spread, random),
                layout.random(arena, dtype, keys, kvHeads, dimV, 1, random));
    }

    /** Runs this case on a device and judges every row. */
    public Accuracy judge(Device device) {
        try (Arena arena = Arena.ofShared()) {
            Tensors tensors = tensors(arena);
            SoftmaxState state = tensors.newState(arena, device);
            await(device.kernels().attend(tensors.call(state)));
            Result result = tensors.finish(arena, device, state);
            return tensors.problem().judge(result.out(), result.lse());
        }
    }

    /** Waits for a kernel. */
    public static void await(java.util.concurrent.Future<?> kernel) {
        try {
            kernel.get();
        } catch (ExecutionException e) {
            throw new AssertionError("a kernel failed", e.getCause());
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }

    /** A finished output. */
    public record Result(Tensor out, Tensor lse) {}

    /** The tensors of a case. */
    public record Tensors(AttentionCase of, Tensor queries, Tensor keys, Tensor values) {
        /** {@code 1/√dim}. */
        public float scale() {
            return (float) (1 / Math.sqrt(of.dim()));
        }

        /** For the oracle. */
        public AttentionProblem problem() {
            return new AttentionProblem(queries, keys, values, of.slices(), scale(), of.softcap(), of.dropout());
        }

        /** A cleared state. */
        public SoftmaxState newState(Arena arena, Device device) {
            var memory = arena.allocate(SoftmaxState.bytes(of.queries(), of.heads(), of.dimV()), 64);
            SoftmaxState state = new SoftmaxState(memory.fill((byte) 0x7F), of.queries(), of.heads(), of.dimV());
            await(device.kernels().clear(state));
            return state;
        }

        /** The whole problem as one call. */
        public AttentionCall call(SoftmaxState state) {
            return call(state, 0, of.keys());
        }

        /** The part of the problem with the keys {@code [from, to)}. */
        public AttentionCall call(SoftmaxState state, long from, long to) {
            return new AttentionCall(
                    queries,
                    keys.rows(from, to),
                    values.rows(from, to),
                    Positions.range(0, of.queries()),
                    Positions.range(from, to),
                    of.slices(),
                    scale(),
                    of.softcap(),
                    of.dropout(),
                    state,
                    Cancellation.NEVER);
        }

        /** Output and lse of a state. */
        public Result finish(Arena arena, Device device, SoftmaxState state) {
            Tensor out = of.layout().allocate(arena, of.dtype(), of.queries(), of.heads(), of.dimV());
            Tensor lse = Layout.DENSE.allocate(arena, DType.F32, of.queries(), of.heads(), 1);
            await(device.kernels().finish(state, out, lse));
            return new Result(out, lse);
        }
    }
}
