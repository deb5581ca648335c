package org.ringwood.examples.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.execution.SequenceParallelAttention;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Devices;

/** Joined autograds give the gradients that one of them gives, on one rank; {@link TrainerTest} has several. */
class RingwoodAttentionTest {
    private static final int TOKENS = 30;
    private static final int WIDTH = 12;
    private static final int SEED = 1;
    /** Sums of some dozens of products of numbers about 1, in f32. */
    private static final float ROUNDING = 1e-5f;

    @AutoClose
    private final NDManager manager = seeded(PyTorch.engine(1));

    @AutoClose
    private final ProcessGroup group = ProcessGroups.inProcess(1).getFirst();

    @AutoClose
    private final org.ringwood.kernels.Device device = Devices.open(Devices.Kind.CPU, 1);

    @AutoClose
    private final SequenceParallelAttention shared = new SequenceParallelAttention(group, device);

    private final RingwoodAttention attention = new RingwoodAttention(
            shared,
            shared.plan(Mask.causal(TOKENS, TOKENS), new AttentionShape(TOKENS, TOKENS, 3, 1, 4, 4, DType.F32)));

    private final NDArray x = leaf(new Shape(TOKENS, WIDTH));
    private final NDArray queries = leaf(new Shape(WIDTH, WIDTH));
    private final NDArray keys = leaf(new Shape(WIDTH, 4));
    private final NDArray values = leaf(new Shape(WIDTH, 4));

    private static NDManager seeded(Engine engine) {
        engine.setRandomSeed(SEED);
        return engine.newBaseManager(Device.cpu());
    }

    private NDArray leaf(Shape shape) {
        NDArray array = manager.randomNormal(shape).div(2);
        NDArray leaf = array.stopGradient();
        leaf.setRequiresGradient(true);
        return leaf;
    }

    /** A layer with a residual, whose weights all layers share. */
    private NDArray layer(NDArray input, Attention by) {
        return by.layer(
                input,
                in -> new Attention.Projections(
                        in.matMul(queries).reshape(TOKENS, 3, 4),
                        in.matMul(keys).reshape(TOKENS, 1, 4),
                        in.matMul(values).reshape(TOKENS, 1, 4)),
                (in, attended) -> in.add(attended.reshape(TOKENS, WIDTH).tanh()));
    }

    private List<float[]> gradients(Attention by) {
        try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
            by.backward(collector, layer(layer(layer(x, by), by), by).square().sum());
        }
        return List.of(x, queries, keys, values).stream()
                .map(leaf -> {
                    NDArray gradient = leaf.getGradient();
                    float[] elements = gradient.toFloatArray();
                    gradient.subi(gradient.duplicate());
                    return elements;
                })
                .toList();
    }

    @Test
    void gradientsOfSeveralLayersAreThoseOfTheFrameworkAlone() {
        List<float[]> expected = gradients(new LocalAttention());
        List<float[]> actual = gradients(attention);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i)).containsExactly(expected.get(i), within(ROUNDING * largest(expected.get(i))));
        }
    }

    private static float largest(float[] numbers) {
        float largest = 0;
        for (float number : numbers) {
            largest = Math.max(largest, Math.abs(number));
        }
        return largest;
    }

    @Test
    void aStepThatWasGivenUpIsForgottenOnceClosed() {
        List<float[]> expected = gradients(attention);
        layer(layer(x, attention), attention);
        attention.close();
        List<float[]> actual = gradients(attention);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i)).containsExactly(expected.get(i));
        }
    }
}
