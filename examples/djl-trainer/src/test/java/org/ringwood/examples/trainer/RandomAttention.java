package org.ringwood.examples.trainer;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.ringwood.attention.Mask;
import org.ringwood.attention.MaskRule;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Dropout;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.Tensor;

/**
 * An attention of random shape, mask and numbers.
 *
 * @param slices disjoint
 * @param softcap 0 for none
 * @param dropout of one in three
 */
record RandomAttention(
        Tensor queries,
        Tensor keys,
        Tensor values,
        Tensor outGradients,
        String mask,
        List<Slice> slices,
        float scale,
        float softcap,
        Dropout dropout) {
    private static final int MOST_TOKENS = 90;
    private static final int MOST_HEADS = 6;
    private static final int MOST_DIM = 70;

    /** What a mask is made of, drawn by its name so that a failure tells it. */
    enum Kind {
        FULL,
        CAUSAL,
        WINDOW,
        WINDOW_WITH_SINKS,
        DOCUMENTS,
        CAUSAL_DOCUMENTS,
        SHARED_PREFIX,
        BLOCK_SPARSE,
        INVERSE_CAUSAL,
        BI_CAUSAL,
        NOTHING
    }

    static RandomAttention of(Kind kind, Random random, Arena arena) {
        boolean square = kind == Kind.DOCUMENTS || kind == Kind.CAUSAL_DOCUMENTS || kind == Kind.SHARED_PREFIX;
        int rows = 1 + random.nextInt(MOST_TOKENS);
        int keys = square ? rows : 1 + random.nextInt(MOST_TOKENS);
        int heads = 1 + random.nextInt(MOST_HEADS);
        int keyHeads = 1 + random.nextInt(heads);
        int dim = 1 + random.nextInt(MOST_DIM);
        int dimV = 1 + random.nextInt(MOST_DIM);
        DType dtype = List.of(DType.F32, DType.F16, DType.BF16).get(random.nextInt(3));
        float softcap = random.nextInt(3) == 0 ? 0.5f + 10 * random.nextFloat() : 0;
        List<Slice> slices = slices(kind, rows, keys, random);
        return new RandomAttention(
                tensor(arena, dtype, rows, heads, dim, random),
                tensor(arena, dtype, keys, keyHeads, dim, random),
                tensor(arena, dtype, keys, keyHeads, dimV, random),
                tensor(arena, dtype, rows, heads, dimV, random),
                kind + " " + slices,
                slices,
                (0.3f + random.nextFloat()) / (float) Math.sqrt(dim),
                softcap,
                random.nextInt(3) == 0 ? new Dropout(random.nextDouble(0.8), random.nextLong()) : Dropout.NONE);
    }

    private static List<Slice> slices(Kind kind, int rows, int keys, Random random) {
        return switch (kind) {
            case FULL -> Mask.full(rows, keys).slices();
            case CAUSAL -> Mask.causal(rows, keys).slices();
            case WINDOW ->
                MaskRule.window(random.nextInt(30), random.nextInt(30), 0)
                        .over(rows, keys)
                        .slices();
            case WINDOW_WITH_SINKS ->
                MaskRule.window(random.nextInt(20), 0, 1 + random.nextInt(5))
                        .over(rows, keys)
                        .slices();
            case DOCUMENTS ->
                MaskRule.full()
                        .inDocuments(documents(rows, random))
                        .over(rows, keys)
                        .slices();
            case CAUSAL_DOCUMENTS ->
                MaskRule.window(random.nextInt(40), 0, random.nextInt(2))
                        .inDocuments(documents(rows, random))
                        .over(rows, keys)
                        .slices();
            case SHARED_PREFIX ->
                MaskRule.sharedPrefix(documents(rows, random), MaskRule.causal())
                        .over(rows, keys)
                        .slices();
            case BLOCK_SPARSE -> blocks(rows, keys, random);
            case INVERSE_CAUSAL -> List.of(part(rows, keys, Slice.Kind.INVERSE_CAUSAL, random));
            case BI_CAUSAL -> List.of(part(rows, keys, Slice.Kind.BI_CAUSAL, random));
            case NOTHING -> List.of();
        };
    }

    /** Cumulative lengths, some of them of empty documents. */
    private static List<Long> documents(int tokens, Random random) {
        List<Long> ends = new ArrayList<>(List.of(0L, (long) tokens));
        for (int i = random.nextInt(5); i > 0; i--) {
            ends.add((long) random.nextInt(tokens + 1));
        }
        return ends.stream().sorted().toList();
    }

    private static List<Slice> blocks(int rows, int keys, Random random) {
        int queryBlock = 1 + random.nextInt(20);
        int keyBlock = 1 + random.nextInt(20);
        List<List<Integer>> attended = new ArrayList<>();
        for (int from = 0; from < rows; from += queryBlock) {
            List<Integer> blocks = new ArrayList<>();
            for (int block = 0; block < Math.ceilDiv(keys, keyBlock); block++) {
                if (random.nextBoolean()) {
                    blocks.add(block);
                }
            }
            attended.add(blocks);
        }
        return MaskRule.blockSparse(queryBlock, keyBlock, attended)
                .over(rows, keys)
                .slices();
    }

    private static Slice part(int rows, int keys, Slice.Kind kind, Random random) {
        int q = random.nextInt(rows);
        int k = random.nextInt(keys);
        return Slice.of(q, q + 1 + random.nextInt(rows - q), k, k + 1 + random.nextInt(keys - k), kind);
    }

    private static Tensor tensor(Arena arena, DType dtype, int tokens, int heads, int dim, Random random) {
        Tensor tensor = Tensor.allocate(arena, dtype, tokens, heads, dim);
        float[] row = new float[dim];
        for (int token = 0; token < tokens; token++) {
            for (int head = 0; head < heads; head++) {
                for (int i = 0; i < dim; i++) {
                    row[i] = (float) random.nextGaussian();
                }
                tensor.write(token, head, row, 0);
            }
        }
        return tensor;
    }

    @Override
    public String toString() {
        return "queries " + queries.shape() + ", keys " + keys.shape() + ", values " + values.shape() + ", scale "
                + scale + ", softcap " + softcap + ", " + dropout + ", mask " + mask;
    }
}
