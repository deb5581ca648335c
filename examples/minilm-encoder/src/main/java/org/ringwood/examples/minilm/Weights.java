package org.ringwood.examples.minilm;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;

/** The weights of all-MiniLM-L6-v2: a BERT of 6 layers, 12 heads of 32, hidden size 384. */
record Weights(Matrix words, Matrix positions, Matrix tokenType, Norm embeddingNorm, List<Layer> layers) {
    static final int LAYERS = 6;
    static final int HEADS = 12;
    static final int HEAD_DIM = 32;
    static final int HIDDEN = HEADS * HEAD_DIM;
    static final int INNER = 4 * HIDDEN;

    private static final int WORDS = 30522;

    /** A linear map: {@code y = x · factor + bias}, factor {@code [in, out]}. */
    static final class Linear {
        private final float[] factor;
        private final float[] bias;

        private Linear(float[] factor, float[] bias) {
            this.factor = factor;
            this.bias = bias;
        }

        int in() {
            return factor.length / bias.length;
        }

        int out() {
            return bias.length;
        }

        float[] factor() {
            return factor;
        }

        float[] bias() {
            return bias;
        }
    }

    /** Scale and shift of a layer normalisation. */
    static final class Norm {
        private final float[] scale;
        private final float[] shift;

        private Norm(float[] scale, float[] shift) {
            this.scale = scale;
            this.shift = shift;
        }

        float[] scale() {
            return scale;
        }

        float[] shift() {
            return shift;
        }
    }

    /** One encoder layer. */
    record Layer(
            Linear query,
            Linear key,
            Linear value,
            Linear attentionOutput,
            Norm attentionNorm,
            Linear intermediate,
            Linear output,
            Norm outputNorm) {}

    /** The bytes of a file of the model's jar. */
    static byte[] resource(String name) {
        try (InputStream in = Weights.class.getResourceAsStream("/" + name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is not on the class path; run with the example's libraries");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The ONNX file. */
    static byte[] model() {
        return resource("all-minilm-l6-v2.onnx");
    }

    /** Reads the weights from the model's jar. */
    static Weights load() {
        OnnxFile onnx = new OnnxFile(model());
        return new Weights(
                matrix(onnx.tensor("embeddings.word_embeddings.weight"), WORDS, HIDDEN),
                matrix(onnx.tensor("embeddings.position_embeddings.weight"), Corpus.LONGEST, HIDDEN),
                matrix(onnx.tensor("embeddings.token_type_embeddings.weight"), 2, HIDDEN),
                norm(onnx, "embeddings.LayerNorm"),
                IntStream.range(0, LAYERS).mapToObj(i -> layer(onnx, i)).toList());
    }

    private static Layer layer(OnnxFile onnx, int index) {
        String layer = "encoder.layer." + index + ".";
        return new Layer(
                linear(onnx, layer + "attention.self.query", HIDDEN, HIDDEN),
                linear(onnx, layer + "attention.self.key", HIDDEN, HIDDEN),
                linear(onnx, layer + "attention.self.value", HIDDEN, HIDDEN),
                linear(onnx, layer + "attention.output.dense", HIDDEN, HIDDEN),
                norm(onnx, layer + "attention.output.LayerNorm"),
                linear(onnx, layer + "intermediate.dense", HIDDEN, INNER),
                linear(onnx, layer + "output.dense", INNER, HIDDEN),
                norm(onnx, layer + "output.LayerNorm"));
    }

    private static Linear linear(OnnxFile onnx, String name, int in, int out) {
        // The parameter encoder.layer.0.output.dense belongs to the node /encoder/layer.0/output/dense/MatMul.
        String node = "/" + name.replace('.', '/').replaceFirst("layer/", "layer.") + "/MatMul";
        return new Linear(vector(onnx.factor(node), in * out), vector(onnx.tensor(name + ".bias"), out));
    }

    private static Norm norm(OnnxFile onnx, String name) {
        return new Norm(vector(onnx.tensor(name + ".weight"), HIDDEN), vector(onnx.tensor(name + ".bias"), HIDDEN));
    }

    private static Matrix matrix(ByteBuffer raw, int rows, int columns) {
        Matrix matrix = Matrix.allocate(Arena.ofAuto(), rows, columns);
        if (raw.remaining() != matrix.memory().byteSize()) {
            throw new IllegalArgumentException(
                    "the model's matrix has " + raw.remaining() + " bytes, not those of " + rows + " x " + columns);
        }
        matrix.memory().copyFrom(MemorySegment.ofBuffer(raw));
        return matrix;
    }

    private static float[] vector(ByteBuffer raw, int length) {
        float[] vector = new float[length];
        raw.asFloatBuffer().get(vector);
        return vector;
    }
}
