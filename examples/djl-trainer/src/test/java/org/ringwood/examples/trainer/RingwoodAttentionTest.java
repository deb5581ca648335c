package org.ringwood.examples.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.List;
import java.util.function.UnaryOperator;
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
    private NDArray layer(NDArray input, Attention by, UnaryOperator<NDArray> lying) {
        return by.layer(
                input,
                in -> new Attention.Projections(
                        lying.apply(in.matMul(queries).reshape(TOKENS, 3, 4)),
                        lying.apply(in.matMul(keys).reshape(TOKENS, 1, 4)),
                        lying.apply(in.matMul(values).reshape(TOKENS, 1, 4))),
                (in, attended) ->
                        in.add(lying.apply(attended).reshape(TOKENS, WIDTH).tanh()));
    }

    /** The same numbers in memory that is in the order of elements, heads, rows. */
    private static NDArray backwards(NDArray array) {
        NDArray backwards = array.transpose(2, 1, 0);
        return backwards.flatten().reshape(backwards.getShape()).transpose(2, 1, 0);
    }

    private List<float[]> gradients(Attention by) {
        return gradients(by, UnaryOperator.identity());
    }

    private List<float[]> gradients(Attention by, UnaryOperator<NDArray> lying) {
        try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
            NDArray x3 = layer(layer(layer(x, by, lying), by, lying), by, lying);
            by.backward(collector, x3.square().sum());
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
        assertSame(gradients(attention), gradients(LocalAttention.ofOneDocument(manager, TOKENS)));
    }

    @Test
    void soAreThoseOfArraysThatAreTransposedInMemory() {
        assertSame(
                gradients(attention, RingwoodAttentionTest::backwards),
                gradients(LocalAttention.ofOneDocument(manager, TOKENS)));
    }

    @Test
    void refusesWhatIsNotOfItsType() {
        UnaryOperator<NDArray> widened = array -> array.toType(DataType.FLOAT64, false);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> gradients(attention, widened))
                .withMessage(
                        "an array of float64 on cpu() is to be attended; this trainer attends float32 on cpu(): convert it");
    }

    private static void assertSame(List<float[]> actual, List<float[]> expected) {
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
        layer(layer(x, attention, UnaryOperator.identity()), attention, UnaryOperator.identity());
        attention.close();
        List<float[]> actual = gradients(attention);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i)).containsExactly(expected.get(i));
        }
    }
}
