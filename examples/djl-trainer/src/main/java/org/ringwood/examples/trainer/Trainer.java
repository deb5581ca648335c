package org.ringwood.examples.trainer;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.training.GradientCollector;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.execution.SequenceParallelAttention;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Positions;

/** One rank's part in the training of a model: it has all parameters, and its own rows of every sequence. */
final class Trainer implements AutoCloseable {
    private final Settings settings;
    private final NDManager manager;
    private final LanguageModel model;
    private final Adam adam;
    private final SummedGradients gradients;
    private final org.ringwood.kernels.Device device;
    private final SequenceParallelAttention shared;
    private final RingwoodAttention attention;
    private final Positions mine;
    private long steps;

    /** Parameters as before training; {@code group} stays the caller's. */
    Trainer(ProcessGroup group, Settings settings, int threads) {
        this.settings = settings;
        Engine engine = PyTorch.engine(threads);
        this.manager = engine.newBaseManager(Device.cpu());
        ModelSize size = settings.size();
        this.model = new LanguageModel(size, Parameters.random(manager, size, settings.seed()));
        this.adam = new Adam(manager, model.parameters(), settings.rate());
        this.gradients = new SummedGradients(group, manager, model.parameters());
        this.device = Devices.open(Devices.Kind.CPU, threads);
        this.shared = new SequenceParallelAttention(
                group, device, Schedules.named(settings.schedule()), settings.partition());
        long tokens = settings.tokens();
        Plan plan = shared.plan(
                Mask.causal(tokens, tokens),
                new AttentionShape(
                        tokens, tokens, size.heads(), size.keyHeads(), size.headDim(), size.headDim(), DType.F32));
        this.attention = new RingwoodAttention(shared, plan);
        this.mine = plan.queryPositions(group.rank());
    }

    /**
     * Takes a step with the next piece of a text.
     *
     * @return the mean loss over the whole sequence, in nats a byte, before the step
     */
    float step(Text text) {
        steps++;
        int[] piece = text.piece(settings.seed(), steps, settings.tokens());
        // All arrays of a step are freed at its end.
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            float own = backward(piece);
            float loss = gradients.sum(own);
            adam.update(steps, gradients.sums());
            return loss;
        }
    }

    /** Gradients of this rank's share of the mean loss; the share. */
    private float backward(int[] piece) {
        int rows = Math.toIntExact(mine.rows());
        long[] positions = new long[rows];
        long[] ids = new long[rows];
        long[] labels = new long[rows];
        for (int row = 0; row < rows; row++) {
            int position = Math.toIntExact(mine.position(row));
            positions[row] = position;
            ids[row] = piece[position];
            // A row's label may be another rank's token: labels are shifted before they are dealt.
            labels[row] = piece[position + 1];
        }
        Rotary rotary = Rotary.of(manager, positions, settings.size().headDim(), model.type());
        try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
            NDArray loss = model.loss(manager.create(ids), manager.create(labels), rotary, attention)
                    .div(settings.tokens());
            attention.backward(collector, loss);
            return loss.getFloat();
        }
    }

    /** Steps taken so far, also those of the run that was resumed. */
    long steps() {
        return steps;
    }

    /** Of the last step, summed over ranks; one for each parameter, in their order. */
    List<NDArray> gradients() {
        return gradients.sums();
    }

    LanguageModel model() {
        return model;
    }

    NDManager manager() {
        return manager;
    }

    /** Writes what a run on any number of ranks goes on from. */
    void save(Path file) throws IOException {
        new Checkpoint(model.parameters(), adam).write(file, steps);
    }

    /** Goes on from a file that {@link #save} wrote. */
    void restore(Path file) throws IOException {
        steps = new Checkpoint(model.parameters(), adam).read(manager, file);
    }

    @Override
    public void close() {
        attention.close();
        shared.close();
        device.close();
        gradients.close();
        manager.close();
    }
}
