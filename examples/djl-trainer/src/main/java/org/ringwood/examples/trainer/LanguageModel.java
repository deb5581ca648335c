package org.ringwood.examples.trainer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.Activation;
import ai.djl.nn.core.Embedding;
import ai.djl.nn.core.Linear;

/**
 * A byte-level transformer language model. Tokens meet in attention alone, so all the rest works on whatever rows a rank has.
 *
 * @param size of the parameters
 * @param parameters in f32, or in f64 for those who want to know better
 */
record LanguageModel(ModelSize size, Parameters parameters) {
    /** The label of a byte that none comes after. */
    static final long NO_LABEL = -1;

    private static final double EPSILON = 1e-5;

    /**
     * Scores of all bytes to come next.
     *
     * @param ids {@code [rows]} bytes as i64
     * @param rotary of the rows' positions
     * @return {@code [rows, 256]}
     */
    NDArray logits(NDArray ids, Rotary rotary, Attention attention) {
        NDArray x = Embedding.embedding(ids, parameters.get("embedding"), SparseFormat.DENSE)
                .singletonOrThrow();
        for (int i = 0; i < size.layers(); i++) {
            Layer layer = new Layer("layer" + i + ".", rotary);
            x = attention.layer(x, layer::project, layer::merge);
        }
        return linear(normalised(x, "norm"), "logits");
    }

    /**
     * The sum over all rows that have a label of how unexpected the next byte was, in nats.
     *
     * @param labels {@code [rows]} bytes as i64, or {@link #NO_LABEL}
     */
    NDArray loss(NDArray ids, NDArray labels, Rotary rotary, Attention attention) {
        NDArray logits = logits(ids, rotary, attention);
        NDArray labelled = labels.neq(NO_LABEL);
        NDArray known = labels.mul(labelled).expandDims(1);
        NDArray expectations = logits.logSoftmax(1).gather(known, 1).squeeze(1);
        return expectations.mul(labelled.toType(type(), false)).sum().neg();
    }

    DataType type() {
        return parameters.get("embedding").getDataType();
    }

    private NDArray linear(NDArray x, String name) {
        return Linear.linear(x, parameters.get(name)).singletonOrThrow();
    }

    /** Root mean square normalisation (Zhang and Sennrich, arXiv 1910.07467). */
    private NDArray normalised(NDArray x, String name) {
        NDArray size = x.square().mean(new int[] {1}, true).add(EPSILON).sqrt();
        return x.div(size).mul(parameters.get(name));
    }

    /** What a layer does before and after attention. */
    private final class Layer {
        private final String name;
        private final Rotary rotary;

        Layer(String name, Rotary rotary) {
            this.name = name;
            this.rotary = rotary;
        }

        Attention.Projections project(NDArray x) {
            NDArray normalised = normalised(x, name + "norm1");
            return new Attention.Projections(
                    rotary.rotate(heads(linear(normalised, name + "query"))),
                    rotary.rotate(heads(linear(normalised, name + "key"))),
                    heads(linear(normalised, name + "value")));
        }

        private NDArray heads(NDArray x) {
            Shape shape = x.getShape();
            return x.reshape(shape.get(0), shape.get(1) / size.headDim(), size.headDim());
        }

        NDArray merge(NDArray x, NDArray attended) {
            NDArray joined = attended.reshape(attended.getShape().get(0), size.width());
            NDArray y = x.add(linear(joined, name + "out"));
            NDArray inner = Activation.gelu(linear(normalised(y, name + "norm2"), name + "up"));
            return y.add(linear(inner, name + "down"));
        }
    }
}
