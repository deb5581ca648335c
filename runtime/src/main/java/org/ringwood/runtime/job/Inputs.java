package org.ringwood.runtime.job;

import java.util.Optional;
import java.util.function.Supplier;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.tensors.Layout;
import org.ringwood.runtime.tensors.Npy;
import org.ringwood.runtime.tensors.Output;
import org.ringwood.runtime.tensors.RandomSource;
import org.ringwood.runtime.tensors.Safetensors;
import org.ringwood.runtime.tensors.TensorShape;
import org.ringwood.runtime.tensors.TensorSource;

/**
 * The opened inputs of a job, which were found to fit each other and the mask. Nothing but headers has been read. The items of a
 * batch are concatenated along tokens, and the mask has every item's pairs.
 */
public final class Inputs implements AutoCloseable {
    private final Job job;
    private final TensorSource queries;
    private final TensorSource keys;
    private final TensorSource values;

    private Inputs(Job job, TensorSource queries, TensorSource keys, TensorSource values) {
        this.job = job;
        this.queries = queries;
        this.keys = keys;
        this.values = values;
    }

    /**
     * Opens the inputs of a job.
     *
     * @throws InputException if one is missing, damaged, or does not fit the others
     */
    public static Inputs open(Job job) {
        Inputs inputs = switch (job.input()) {
            case Input.Npy npy ->
                opened(
                        job,
                        () -> Npy.open(npy.q(), npy.layout()),
                        () -> Npy.open(npy.k(), npy.layout()),
                        () -> Npy.open(npy.v(), npy.layout()));
            case Input.Safetensors archive -> {
                Safetensors file = Safetensors.open(archive.file());
                yield opened(
                        job,
                        () -> file.tensor(archive.q(), archive.layout()),
                        () -> file.tensor(archive.k(), archive.layout()),
                        () -> file.tensor(archive.v(), archive.layout()));
            }
            case Input.Random random ->
                opened(
                        job,
                        () -> random(random, RandomSource.Operand.Q, random.queries(), random.heads(), random.dim()),
                        () -> random(random, RandomSource.Operand.K, random.tokens(), random.kvHeads(), random.dim()),
                        () -> random(random, RandomSource.Operand.V, random.tokens(), random.kvHeads(), random.dimV()));
        };
        try {
            inputs.check();
            return inputs;
        } catch (InputException e) {
            inputs.close();
            throw e;
        }
    }

    private static Inputs opened(
            Job job, Supplier<TensorSource> q, Supplier<TensorSource> k, Supplier<TensorSource> v) {
        TensorSource queries = q.get();
        TensorSource keys = orClose(k, queries);
        TensorSource values = orClose(v, queries, keys);
        return new Inputs(job, queries, keys, values);
    }

    private static TensorSource orClose(Supplier<TensorSource> next, TensorSource... opened) {
        try {
            return next.get();
        } catch (InputException e) {
            for (TensorSource source : opened) {
                source.close();
            }
            throw e;
        }
    }

    private static TensorSource random(
            Input.Random random, RandomSource.Operand operand, long tokens, int heads, int dim) {
        Layout layout = random.batch() == 1 ? Layout.THD : Layout.BTHD;
        try {
            return new RandomSource(
                    random.seed(),
                    operand,
                    new TensorShape(random.dtype(), layout, random.batch(), tokens, heads, dim));
        } catch (IllegalArgumentException e) {
            throw new InputException("input.random: " + e.getMessage(), e);
        }
    }

    private void check() {
        TensorShape q = queries.shape();
        TensorShape k = keys.shape();
        TensorShape v = values.shape();
        require(q.dtype() == k.dtype() && k.dtype() == v.dtype(), "element types", "save all three in one type");
        require(q.layout() == k.layout() && k.layout() == v.layout(), "numbers of axes", "give all three 3 or all 4");
        require(q.batch() == k.batch() && k.batch() == v.batch(), "batch sizes", "give as many items of each");
        require(k.itemTokens() == v.itemTokens(), "tokens of k and v", "give a value for every key");
        require(k.heads() == v.heads(), "heads of k and v", "give as many of both");
        require(q.dim() == k.dim(), "head dims of q and k", "give both the same");
        require(k.heads() <= q.heads(), "heads: k has more than q", "give at most as many of k as of q");
        for (TensorSource source : new TensorSource[] {queries, values}) {
            if (source.shape().dim() > AttentionCall.MAX_DIM) {
                throw new InputException(source.name() + " is " + source.shape() + ", but heads may have at most "
                        + AttentionCall.MAX_DIM + " elements: split them, or check input.layout");
            }
        }
    }

    private void require(boolean holds, String what, String remedy) {
        if (!holds) {
            throw new InputException("the inputs disagree in their " + what + ": " + queries.name() + " is "
                    + queries.shape() + ", " + keys.name() + " is " + keys.shape() + ", " + values.name() + " is "
                    + values.shape() + "; " + remedy);
        }
    }

    /** The queries, {@code [batch × queries, heads, dim]}. */
    public TensorSource queries() {
        return queries;
    }

    /** The keys, {@code [batch × tokens, kvHeads, dim]}. */
    public TensorSource keys() {
        return keys;
    }

    /** The values, {@code [batch × tokens, kvHeads, dimV]}. */
    public TensorSource values() {
        return values;
    }

    /** Sizes of the attention over all items. */
    public AttentionShape shape() {
        return new AttentionShape(
                queries.shape().tokens(),
                keys.shape().tokens(),
                queries.shape().heads(),
                keys.shape().heads(),
                queries.shape().dim(),
                values.shape().dim(),
                queries.shape().dtype());
    }

    /** Number of items. */
    public int batch() {
        return Math.toIntExact(queries.shape().batch());
    }

    /** Factor of the scores: the job's, or {@code 1 / sqrt(dim)}. */
    public float scale() {
        return (float)
                job.attention().scale().orElse(1 / Math.sqrt(queries.shape().dim()));
    }

    /** Layout and sizes of the output: those of the queries, with the dim of the values. */
    public TensorShape outputShape() {
        return queries.shape().with(queries.shape().dtype(), values.shape().dim());
    }

    /**
     * The job's output; empty if nothing is to be written.
     *
     * @param nonce of the job: the same for all its ranks, another for every other job
     * @throws InputException if the format cannot hold the result
     */
    public Optional<Output> output(String nonce) {
        return job.output().map(target -> new Output(target, outputShape(), nonce));
    }

    /**
     * The mask over all items.
     *
     * @throws InputException if it overlaps itself or does not fit the inputs
     */
    public Mask mask() {
        try {
            return job.attention()
                    .mask()
                    .rule()
                    .inBatch(batch())
                    .over(queries.shape().tokens(), keys.shape().tokens());
        } catch (IllegalArgumentException e) {
            throw new InputException("attention.mask does not fit the inputs: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        queries.close();
        keys.close();
        values.close();
    }
}
