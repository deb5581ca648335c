package org.ringwood.examples.trainer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import org.ringwood.attention.execution.SavedAttention;
import org.ringwood.attention.execution.SequenceParallelAttention;
import org.ringwood.attention.plan.Plan;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Tensor;

/**
 * Joins Ringwood's attention to DJL's autograd, for f32 on the CPU. Every rank has the rows of a sequence that a plan gives it, and calls
 * this alike; tensors are read and written where PyTorch has them.
 *
 * <p>PyTorch records nothing of an attention that it does not compute, so each layer is cut out of its graph: the layer's input, and what
 * comes out of attention, are leaves of their own. On the way back, layer by layer from the last, PyTorch goes from the layer's output to
 * both leaves, Ringwood from the attended to queries, keys and values, and PyTorch on from there, as the gradient of the surrogate loss
 * {@code Σ q·dQ + k·dK + v·dV} by what q, k and v were made from is what the true loss has.
 */
public final class RingwoodAttention implements Attention, AutoCloseable {
    private final SequenceParallelAttention attention;
    private final Plan plan;
    private final Deque<Layer> layers = new ArrayDeque<>();

    private record Layer(NDArray x, NDArray input, Projections of, NDArray out, SavedAttention saved) {}

    /** Attends by a plan; {@code attention} stays the caller's. */
    public RingwoodAttention(SequenceParallelAttention attention, Plan plan) {
        this.attention = attention;
        this.plan = plan;
    }

    @Override
    public NDArray layer(NDArray x, Function<NDArray, Projections> project, BinaryOperator<NDArray> merge) {
        NDArray input = x.stopGradient();
        input.setRequiresGradient(true);
        Projections of = project.apply(input);
        Shape rows = of.queries().getShape();
        NDArray out = x.getManager()
                .create(new Shape(
                        rows.get(0), rows.get(1), of.values().getShape().get(2)));
        SavedAttention saved =
                attention.forward(plan, tensor(of.queries()), tensor(of.keys()), tensor(of.values()), tensor(out));
        out.setRequiresGradient(true);
        layers.push(new Layer(x, input, of, out, saved));
        return merge.apply(input, out);
    }

    @Override
    public void backward(GradientCollector collector, NDArray loss) {
        collector.backward(loss);
        while (!layers.isEmpty()) {
            Layer layer = layers.element();
            Projections of = layer.of;
            NDArray dQ = of.queries().zerosLike();
            NDArray dK = of.keys().zerosLike();
            NDArray dV = of.values().zerosLike();
            attention.backward(layer.saved, tensor(layer.out.getGradient()), tensor(dQ), tensor(dK), tensor(dV));
            layers.pop();
            collector.backward(
                    product(of.queries(), dQ).add(product(of.keys(), dK)).add(product(of.values(), dV)));
            collector.backward(product(layer.x, layer.input.getGradient()));
        }
    }

    private static NDArray product(NDArray made, NDArray gradient) {
        return made.mul(gradient).sum();
    }

    /** An array {@code [rows, heads, dim]} where it lies; the array must outlive it. */
    private static Tensor tensor(NDArray array) {
        Shape shape = array.getShape();
        MemorySegment memory = MemorySegment.ofBuffer(array.toByteBuffer(true));
        return Tensor.dense(
                memory, DType.F32, shape.get(0), Math.toIntExact(shape.get(1)), Math.toIntExact(shape.get(2)));
    }

    /** Frees what is left of a step that failed, or of a forward pass that no backward pass follows. */
    @Override
    public void close() {
        layers.forEach(layer -> layer.saved.close());
        layers.clear();
    }
}
