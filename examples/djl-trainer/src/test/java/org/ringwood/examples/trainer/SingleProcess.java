package org.ringwood.examples.trainer;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.training.GradientCollector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/** The same training by the framework alone: one process, its own attention, whole sequences in natural order, in f32 or f64. */
final class SingleProcess implements AutoCloseable {
    private final Settings settings;
    private final NDManager manager;
    private final LanguageModel model;
    private final Adam adam;
    private long steps;

    SingleProcess(Settings settings, DataType type) {
        this.settings = settings;
        this.manager = PyTorch.engine(1).newBaseManager(Device.cpu());
        Parameters parameters =
                Parameters.random(manager, settings.size(), settings.seed()).toType(type);
        this.model = new LanguageModel(settings.size(), parameters);
        this.adam = new Adam(manager, parameters, settings.rate());
    }

    /** Takes a step; mean loss and the gradients of all parameters are as before it. */
    StepResults step(Text text) {
        steps++;
        int[] piece = text.piece(settings.seed(), steps, settings.tokens());
        long[] bytes = Arrays.stream(piece).asLongStream().toArray();
        int tokens = settings.tokens();
        long[] positions = LongStream.range(0, tokens).toArray();
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            Rotary rotary = Rotary.of(manager, positions, settings.size().headDim(), model.type());
            NDArray ids = manager.create(Arrays.copyOf(bytes, tokens));
            NDArray labels = manager.create(Arrays.copyOfRange(bytes, 1, tokens + 1));
            LocalAttention attention = new LocalAttention();
            NDArray loss;
            try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
                loss = model.loss(ids, labels, rotary, attention).div(tokens);
                attention.backward(collector, loss);
            }
            List<NDArray> gradients = new ArrayList<>();
            for (NDArray parameter : model.parameters().arrays()) {
                NDArray gradient = parameter.getGradient();
                gradients.add(gradient.duplicate());
                gradient.subi(gradient);
            }
            adam.update(steps, gradients);
            return new StepResults(number(loss), StepResults.elements(gradients));
        }
    }

    private static double number(NDArray loss) {
        return loss.toType(DataType.FLOAT64, false).getDouble();
    }

    @Override
    public void close() {
        manager.close();
    }
}
