package org.ringwood.examples.minilm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;

/** Packed documents over several ranks give the embeddings that ONNX Runtime computes for each document alone. */
class PackedEncoderTest {
    private static final int TOKENS = 4000;
    private static Documents documents;
    private static Weights weights;
    private static List<float[]> expected;

    @BeforeAll
    static void askOnnxRuntime() throws Exception {
        WordPieceTokenizer tokenizer = new WordPieceTokenizer(Weights.resource("all-minilm-l6-v2-tokenizer.json"));
        documents = Documents.pack(Corpus.ofJdk(tokenizer, TOKENS));
        weights = Weights.load();
        expected = OnnxRuntimeEncoder.embedAll(documents);
    }

    @ParameterizedTest
    @CsvSource({"ring, 3", "ulysses, 4", "hybrid, 4", "gather, 2"})
    void equalsOnnxRuntime(String schedule, int ranks) throws Exception {
        assertThat(documents.count()).isGreaterThan(5);
        List<List<float[]>> ofRanks = LocalRanks.run(ranks, group -> {
            try (Device device = Devices.open(Devices.Kind.CPU, 1)) {
                return new PackedEncoder(weights, documents).encode(group, device, Schedules.named(schedule));
            }
        });
        for (List<float[]> embeddings : ofRanks) {
            for (int document = 0; document < documents.count(); document++) {
                float[] actual = embeddings.get(document);
                assertThat(Embeddings.cosine(actual, expected.get(document))).isGreaterThanOrEqualTo(0.99999);
                assertThat(Embeddings.maxDifference(actual, expected.get(document)))
                        .isLessThanOrEqualTo(1e-4);
            }
        }
    }
}
