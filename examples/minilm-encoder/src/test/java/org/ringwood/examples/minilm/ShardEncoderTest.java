package org.ringwood.examples.minilm;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.ringwood.kernels.Positions;

/** The encoder around attention, with plain attention inside one document: what differs from ONNX Runtime here is not Ringwood's. */
class ShardEncoderTest {
    private static final String TEXT =
            "A reader should see the architecture from the folders; naïve café №5 costs $3.50!";

    @Test
    void splitsTextIntoTheVocabularysPieces() throws Exception {
        WordPieceTokenizer tokenizer = new WordPieceTokenizer(Weights.resource("all-minilm-l6-v2-tokenizer.json"));
        // Ids of bert-base-uncased's vocabulary: hello, world, !, em, ##bed, ##ding, ##s, unknown.
        assertThat(tokenizer.pieces("Héllo, WORLD! embeddings \uD83E\uDD80"))
                .containsExactly(7592, 1010, 2088, 999, 7861, 8270, 4667, 2015, 100);
        assertThat(tokenizer.document(List.of(7592))).containsExactly(101, 7592, 102);
    }

    @Test
    void equalsOnnxRuntimeOnOneDocument() throws Exception {
        WordPieceTokenizer tokenizer = new WordPieceTokenizer(Weights.resource("all-minilm-l6-v2-tokenizer.json"));
        Weights weights = Weights.load();
        int[] ids = tokenizer.document(tokenizer.pieces(TEXT));
        Positions all = Positions.range(0, ids.length);
        ShardEncoder encoder = new ShardEncoder(
                weights,
                Documents.pack(List.of(ids)),
                all,
                LongStream.range(0, ids.length).toArray());
        float[] expected;
        try (OnnxRuntimeEncoder oracle = new OnnxRuntimeEncoder(Weights.model())) {
            expected = oracle.embed(ids);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment sums = arena.allocate(JAVA_DOUBLE, Weights.HIDDEN);
            encoder.sumHidden((layer, q, k, v, out) -> attend(q, k, v, out), sums);
            float[] actual = Embeddings.normalised(sums.toArray(JAVA_DOUBLE));
            assertThat(Embeddings.maxDifference(actual, expected)).isLessThanOrEqualTo(1e-6);
        }
    }

    private static void attend(Matrix queries, Matrix keys, Matrix values, Matrix out) {
        for (int head = 0; head < Weights.HEADS; head++) {
            int first = head * Weights.HEAD_DIM;
            for (int q = 0; q < queries.rows(); q++) {
                double[] sums = new double[Weights.HEAD_DIM];
                double total = 0;
                for (int k = 0; k < keys.rows(); k++) {
                    double score = 0;
                    for (int i = first; i < first + Weights.HEAD_DIM; i++) {
                        score += (double) queries.get(q, i) * keys.get(k, i);
                    }
                    double weight = Math.exp(score / Math.sqrt(Weights.HEAD_DIM));
                    total += weight;
                    for (int i = 0; i < Weights.HEAD_DIM; i++) {
                        sums[i] += weight * values.get(k, first + i);
                    }
                }
                for (int i = 0; i < Weights.HEAD_DIM; i++) {
                    out.set(q, first + i, (float) (sums[i] / total));
                }
            }
        }
    }
}
