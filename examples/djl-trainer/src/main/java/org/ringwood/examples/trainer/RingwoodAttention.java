package org.ringwood.examples.trainer;

import static org.ringwood.examples.trainer.NativeTensors.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.training.GradientCollector;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import org.ringwood.attention.execution.SavedAttention;
import org.ringwood.attention.execution.SequenceParallelAttention;
import org.ringwood.attention.plan.Plan;

/**
 * Joins Ringwood's attention to DJL's autograd. Every rank has the rows of a sequence that a plan gives it, and calls this alike.
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
        NDArray out = x.getManager().create(of.attendedShape());
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
            Projections gradients = of.zeros();
            attention.backward(
                    layer.saved,
                    tensor(layer.out.getGradient()),
                    tensor(gradients.queries()),
                    tensor(gradients.keys()),
                    tensor(gradients.values()));
            layers.pop();
            collector.backward(of.dot(gradients));
            collector.backward(layer.x.mul(layer.input.getGradient()).sum());
        }
    }

    /** Frees what is left of a step that failed, or of a forward pass that no backward pass follows. */
    @Override
    public void close() {
        layers.forEach(layer -> layer.saved.close());
        layers.clear();
    }
}
