package org.ringwood.examples.trainer;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.training.GradientCollector;
import java.util.ArrayList;
import java.util.List;

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
        List<Sequence> sequences = text.sequences(settings, steps++);
        long labels = sequences.stream().mapToLong(Sequence::labels).sum();
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            NDArray loss;
            try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
                loss = sequences.stream().map(this::loss).reduce(NDArray::add).orElseThrow();
                loss = loss.div(labels);
                collector.backward(loss);
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

    /** The loss of a whole sequence, for which each byte looks up its document, its place in it, and what comes next in it. */
    private NDArray loss(Sequence sequence) {
        int tokens = settings.tokens();
        long[] documents = new long[tokens];
        long[] positions = new long[tokens];
        long[] labels = new long[tokens];
        for (int document = 0; document + 1 < sequence.documents().size(); document++) {
            int from = sequence.documents().get(document).intValue();
            int to = sequence.documents().get(document + 1).intValue();
            for (int i = from; i < to; i++) {
                documents[i] = document;
                positions[i] = (long) i - from;
                labels[i] = i + 1 < to ? sequence.ids()[i + 1] : LanguageModel.NO_LABEL;
            }
        }
        Rotary rotary = Rotary.of(manager, positions, settings.size().headDim(), model.type());
        LocalAttention attention = new LocalAttention(manager.create(documents));
        return model.loss(manager.create(sequence.ids()), manager.create(labels), rotary, attention);
    }

    private static double number(NDArray loss) {
        return loss.toType(DataType.FLOAT64, false).getDouble();
    }

    @Override
    public void close() {
        manager.close();
    }
}
