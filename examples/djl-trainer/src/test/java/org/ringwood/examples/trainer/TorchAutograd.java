package org.ringwood.examples.trainer;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.Arrays;
import java.util.List;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.Dropout;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.Tensor;

/**
 * Attention and its gradients by PyTorch in f64, from its plain operations: products, a tanh, a mask that is added, a softmax, a matrix of factors for dropout. What their
 * derivatives are is PyTorch's alone to know. All results are dense, {@code [rows, heads, dim]}.
 */
final class TorchAutograd implements AutoCloseable {
    /** Weights of masked keys underflow to 0 exactly, while a row that admits none has no NaN. */
    private static final double MASKED = -1e30;

    /**
     * On a busy machine DJL's PyTorch gives, in about one of a thousand attentions, other gradients of the queries than for the same inputs before and after; why is not
     * known. What it finds twice, bit for bit, is taken.
     */
    private static final int ATTEMPTS = 5;

    private final NDManager manager;

    /** What came of an attention. */
    static final class Results {
        private final double[] out;
        private final double[] lse;
        private final List<double[]> gradients;

        private Results(double[] out, double[] lse, List<double[]> gradients) {
            this.out = out;
            this.lse = lse;
            this.gradients = gradients;
        }

        boolean isSame(Results other) {
            boolean same = Arrays.equals(out, other.out) && Arrays.equals(lse, other.lse);
            for (int i = 0; i < gradients.size(); i++) {
                same &= Arrays.equals(gradients.get(i), other.gradients.get(i));
            }
            return same;
        }

        double[] out() {
            return out;
        }

        /** One a row and head; of a row that admits no key no number that means anything. */
        double[] lse() {
            return lse;
        }

        double[] queryGradients() {
            return gradients.get(0);
        }

        double[] keyGradients() {
            return gradients.get(1);
        }

        double[] valueGradients() {
            return gradients.get(2);
        }
    }

    TorchAutograd() {
        Engine engine = PyTorch.engine(1);
        this.manager = engine.newBaseManager(Device.cpu());
    }

    /** Attends, and takes the gradients of {@code Σ out · outGradients}. */
    Results attend(RandomAttention attention) {
        Results last = attendOnce(attention);
        for (int i = 0; i < ATTEMPTS; i++) {
            Results next = attendOnce(attention);
            if (next.isSame(last)) {
                return next;
            }
            last = next;
        }
        throw new AssertionError("PyTorch did not find the same twice in %d attempts".formatted(ATTEMPTS));
    }

    private Results attendOnce(RandomAttention attention) {
        Tensor queries = attention.queries();
        Tensor keys = attention.keys();
        double softcap = attention.softcap();
        try (NDManager step = manager.newSubManager();
                GradientCollector collector = manager.getEngine().newGradientCollector()) {
            NDArray q = leaf(step, queries);
            NDArray k = leaf(step, keys);
            NDArray v = leaf(step, attention.values());
            NDArray admitted = admitted(step, attention.slices(), queries.tokens(), keys.tokens());
            NDArray bias = admitted.sub(1).mul(-MASKED);
            NDArray rows = admitted.max(new int[] {1}, true);
            NDList out = new NDList();
            NDList lse = new NDList();
            for (int head = 0; head < queries.heads(); head++) {
                int keyHead = AttentionCall.keyHead(head, queries.heads(), keys.heads());
                NDArray scores =
                        head(q, head).matMul(head(k, keyHead).transpose()).mul((double) attention.scale());
                if (softcap > 0) {
                    scores = scores.div(softcap).tanh().mul(softcap);
                }
                scores = scores.add(bias);
                NDArray weights = scores.softmax(1).mul(factors(step, attention, head));
                out.add(weights.matMul(head(v, keyHead)).mul(rows));
                NDArray max = scores.max(new int[] {1}, true);
                lse.add(scores.sub(max).exp().sum(new int[] {1}).log().add(max.squeeze(1)));
            }
            NDArray all = NDArrays.stack(out, 1);
            collector.backward(all.mul(array(step, attention.outGradients())).sum());
            return new Results(
                    all.toDoubleArray(),
                    NDArrays.stack(lse, 1).toDoubleArray(),
                    List.of(gradient(q), gradient(k), gradient(v)));
        }
    }

    private static NDArray head(NDArray of, int head) {
        return of.get(":, " + head + ", :");
    }

    private static double[] gradient(NDArray leaf) {
        return leaf.getGradient().toDoubleArray();
    }

    private static NDArray leaf(NDManager manager, Tensor tensor) {
        NDArray array = array(manager, tensor);
        array.setRequiresGradient(true);
        return array;
    }

    private static NDArray array(NDManager manager, Tensor tensor) {
        int dim = tensor.dim();
        double[] elements = new double[Math.toIntExact(tensor.tokens() * tensor.heads() * dim)];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = tensor.get(i / dim / tensor.heads(), i / dim % tensor.heads(), i % dim);
        }
        return manager.create(elements, new Shape(tensor.tokens(), tensor.heads(), dim));
    }

    /** 1 for every admitted pair, else 0. */
    private static NDArray admitted(NDManager manager, List<Slice> slices, long queries, long keys) {
        double[] pairs = new double[Math.toIntExact(queries * keys)];
        for (int i = 0; i < pairs.length; i++) {
            long q = i / keys;
            long k = i % keys;
            pairs[i] = slices.stream().anyMatch(slice -> slice.admits(q, k)) ? 1 : 0;
        }
        return manager.create(pairs, new Shape(queries, keys)).toType(DataType.FLOAT64, false);
    }

    /** What dropout multiplies every weight of a head by. */
    private static NDArray factors(NDManager manager, RandomAttention attention, int head) {
        long queries = attention.queries().tokens();
        long keys = attention.keys().tokens();
        double[] factors = new double[Math.toIntExact(queries * keys)];
        for (int i = 0; i < factors.length; i++) {
            Dropout dropout = attention.dropout();
            factors[i] = dropout.keeps(head, i / keys, i % keys) ? dropout.scale() : 0;
        }
        return manager.create(factors, new Shape(queries, keys));
    }

    @Override
    public void close() {
        manager.close();
    }
}
