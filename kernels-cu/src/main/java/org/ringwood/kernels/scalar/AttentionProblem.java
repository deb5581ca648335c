package org.ringwood.kernels.scalar;

import java.util.List;
import java.util.function.LongToDoubleFunction;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Dropout;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SliceIndex;
import org.ringwood.kernels.Tensor;

/** A whole, unsharded attention problem, row i of each tensor at global position i, for judging results by the oracle. */
public final class AttentionProblem {
    private final Tensor queries;
    private final Tensor keys;
    private final Tensor values;
    private final SliceIndex slices;
    private final float scale;
    private final float softcap;
    private final Dropout dropout;

    /**
     * States a problem.
     *
     * @param queries {@code [rows, Hq, d]}
     * @param keys {@code [keyRows, Hkv, d]}
     * @param values {@code [keyRows, Hkv, dv]}
     * @param slices disjoint slices of (query row, key row)
     * @param scale factor of the scores
     * @param softcap bound of the scores, 0 for none
     */
    public AttentionProblem(
            Tensor queries, Tensor keys, Tensor values, List<Slice> slices, float scale, float softcap) {
        this(queries, keys, values, slices, scale, softcap, Dropout.NONE);
    }

    /** The same with dropout. */
    public AttentionProblem(
            Tensor queries,
            Tensor keys,
            Tensor values,
            List<Slice> slices,
            float scale,
            float softcap,
            Dropout dropout) {
        this.queries = queries;
        this.keys = keys;
        this.values = values;
        this.slices = new SliceIndex(slices);
        this.scale = scale;
        this.softcap = softcap;
        this.dropout = dropout;
    }

    Tensor queries() {
        return queries;
    }

    Tensor keys() {
        return keys;
    }

    Tensor values() {
        return values;
    }

    SliceIndex slices() {
        return slices;
    }

    float scale() {
        return scale;
    }

    float softcap() {
        return softcap;
    }

    Dropout dropout() {
        return dropout;
    }

    /** The oracle of one (row, head), with all its keys. */
    public Oracle oracle(long row, int head) {
        float[] query = new float[queries.dim()];
        queries.read(row, head, query, 0);
        Oracle oracle = new Oracle(query, values.dim(), scale, softcap);
        int keyHead = AttentionCall.keyHead(head, queries.heads(), keys.heads());
        LongToDoubleFunction factors = dropout.factors(head, row);
        for (Chunk run : slices.keys(row)) {
            oracle.add(keys, values, keyHead, run.from(), run.to(), factors);
        }
        return oracle;
    }

    /**
     * Judges every row and head of a result.
     *
     * @param out {@code [rows, Hq, dv]}
     * @param lse {@code [rows, Hq, 1]}
     */
    public Accuracy judge(Tensor out, Tensor lse) {
        return judge(out, lse, 1);
    }

    /** Judges every {@code stride}-th (row, head) pair of a result. */
    public Accuracy judge(Tensor out, Tensor lse, int stride) {
        Accuracy accuracy = Accuracy.none(out.dtype());
        float[] row = new float[out.dim()];
        long pairs = queries.tokens() * queries.heads();
        for (long pair = 0; pair < pairs; pair += stride) {
            long token = pair / queries.heads();
            int head = (int) (pair % queries.heads());
            out.read(token, head, row, 0);
            accuracy = accuracy.and(oracle(token, head).judge(out.dtype(), row, lse.get(token, head, 0)));
        }
        return accuracy;
    }
}
