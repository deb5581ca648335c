package org.ringwood.examples.minilm;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.ringwood.examples.minilm.Weights.Layer;
import org.ringwood.kernels.Positions;

/**
 * The encoder over one rank's rows of a packed sequence. A transformer mixes tokens in attention alone, so all the rest is local to the
 * rank, in whichever order its rows stand.
 */
final class ShardEncoder {
    /** Attention of all ranks together: every rank gives the queries, keys and values of its rows and gets their outputs. */
    @FunctionalInterface
    interface Attention {
        /** Reads {@code [rows, HEADS * HEAD_DIM]} matrices and writes {@code out}. */
        void attend(int layer, Matrix queries, Matrix keys, Matrix values, Matrix out);
    }

    private final Weights weights;
    private final Documents documents;
    private final Positions positions;
    private final long[] positionsInDocument;

    /**
     * @param positions of this rank's rows in the packed sequence
     * @param positionsInDocument of the same rows, counted from the start of each one's document
     */
    ShardEncoder(Weights weights, Documents documents, Positions positions, long[] positionsInDocument) {
        this.weights = weights;
        this.documents = documents;
        this.positions = positions;
        this.positionsInDocument = positionsInDocument;
    }

    /**
     * Runs all layers and adds this rank's last hidden states up, document by document.
     *
     * @param sums {@code documents × HIDDEN} doubles, overwritten; the sum over ranks is the sum over each document's tokens
     */
    void sumHidden(Attention attention, MemorySegment sums) {
        try (Arena arena = Arena.ofShared()) {
            Matrix hidden = embed(arena);
            run(hidden, attention, arena);
            sums.fill((byte) 0);
            for (int row = 0; row < hidden.rows(); row++) {
                long base = (long) documents.documentOf(positions.position(row)) * Weights.HIDDEN;
                for (int i = 0; i < Weights.HIDDEN; i++) {
                    sums.setAtIndex(JAVA_DOUBLE, base + i, sums.getAtIndex(JAVA_DOUBLE, base + i) + hidden.get(row, i));
                }
            }
        }
    }

    private Matrix embed(Arena arena) {
        Matrix hidden = matrix(arena, Weights.HIDDEN);
        for (int row = 0; row < hidden.rows(); row++) {
            int word = documents.id(positions.position(row));
            int place = (int) positionsInDocument[row];
            for (int i = 0; i < Weights.HIDDEN; i++) {
                float sum = weights.words().get(word, i)
                        + weights.positions().get(place, i)
                        + weights.tokenType().get(0, i);
                hidden.set(row, i, sum);
            }
            DenseLayers.normalise(hidden, row, weights.embeddingNorm());
        }
        return hidden;
    }

    private void run(Matrix hidden, Attention attention, Arena arena) {
        Matrix queries = matrix(arena, Weights.HIDDEN);
        Matrix keys = matrix(arena, Weights.HIDDEN);
        Matrix values = matrix(arena, Weights.HIDDEN);
        Matrix attended = matrix(arena, Weights.HIDDEN);
        Matrix projected = matrix(arena, Weights.HIDDEN);
        Matrix inner = matrix(arena, Weights.INNER);
        for (int i = 0; i < Weights.LAYERS; i++) {
            Layer layer = weights.layers().get(i);
            DenseLayers.linear(hidden, layer.query(), queries);
            DenseLayers.linear(hidden, layer.key(), keys);
            DenseLayers.linear(hidden, layer.value(), values);
            attention.attend(i, queries, keys, values, attended);
            DenseLayers.linear(attended, layer.attentionOutput(), projected);
            DenseLayers.addAndNormalise(hidden, projected, layer.attentionNorm());
            DenseLayers.linear(hidden, layer.intermediate(), inner);
            DenseLayers.gelu(inner);
            DenseLayers.linear(inner, layer.output(), projected);
            DenseLayers.addAndNormalise(hidden, projected, layer.outputNorm());
        }
    }

    private Matrix matrix(Arena arena, int columns) {
        return Matrix.allocate(arena, Math.toIntExact(positions.rows()), columns);
    }
}
