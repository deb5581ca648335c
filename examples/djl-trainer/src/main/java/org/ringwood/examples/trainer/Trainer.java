package org.ringwood.examples.trainer;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.training.GradientCollector;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.MaskRule;
import org.ringwood.attention.Partition;
import org.ringwood.attention.execution.SequenceParallelAttention;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.Digest;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Devices;

/**
 * One rank's part in the training of a model. Ranks form replicas; a replica's ranks share its sequences, of which each has rows of its own. All have all
 * parameters, and gradients are summed over all of them.
 */
final class Trainer implements AutoCloseable {
    private final ProcessGroup group;
    private final Settings settings;
    private final NDManager manager;
    private final LanguageModel model;
    private final Adam adam;
    private final SummedGradients gradients;
    private final int replica;
    private final ProcessGroup sharers;
    private final org.ringwood.kernels.Device device;
    private final SequenceParallelAttention attention;
    private final AttentionShape shape;
    private long steps;

    /**
     * Parameters as before training; {@code group} stays the caller's.
     *
     * @throws IllegalArgumentException if there are more replicas than ranks
     */
    Trainer(ProcessGroup group, Settings settings, int threads) {
        if (settings.replicas() > group.size()) {
            throw new IllegalArgumentException(settings.replicas() + " replicas need as many ranks, but there are "
                    + group.size() + ": start more, or give fewer replicas");
        }
        this.group = group;
        this.settings = settings;
        Engine engine = PyTorch.engine(threads);
        this.manager = engine.newBaseManager(Device.cpu());
        ModelSize size = settings.size();
        this.model = new LanguageModel(size, Parameters.random(manager, size, settings.seed()));
        this.adam = new Adam(manager, model.parameters(), settings.rate());
        this.gradients = new SummedGradients(group, manager, model.parameters());
        // Neighbours share sequences, as links within a node are the fastest.
        this.replica = (int) ((long) group.rank() * settings.replicas() / group.size());
        this.sharers = group.split(replica, group.rank());
        this.device = Devices.open(Devices.Kind.CPU, threads);
        this.attention = new SequenceParallelAttention(
                sharers, device, Schedules.named(settings.schedule()), settings.partition());
        int dim = size.headDim();
        this.shape = new AttentionShape(
                settings.tokens(), settings.tokens(), size.heads(), size.keyHeads(), dim, dim, DType.F32);
    }

    /**
     * Returns once all ranks have come to the same point of the same training. To be called before the first step: ranks that differ would spoil each other's parameters.
     *
     * @throws IllegalStateException if one was given another text or other settings, or has not read the checkpoint that others have
     */
    void meet(Text text) {
        long[] mine = {steps, Digest.of(settings.toString(), text.digest())};
        long[] all = new long[2 * group.size()];
        List<MemorySegment> parts = IntStream.range(0, group.size())
                .mapToObj(rank -> MemorySegment.ofArray(all).asSlice(2L * rank * Long.BYTES, 2 * Long.BYTES))
                .toList();
        group.allGather(MemorySegment.ofArray(mine), parts);
        for (int rank = 0; rank < group.size(); rank++) {
            if (all[2 * rank] != all[0]) {
                throw new IllegalStateException("rank " + rank + " goes on from step " + all[2 * rank]
                        + " and rank 0 from step " + all[0] + ": give all ranks the same checkpoint");
            }
            if (all[2 * rank + 1] != all[1]) {
                throw new IllegalStateException(
                        "rank " + rank + " has another text or other settings than rank 0: give all ranks the same");
            }
        }
    }

    /**
     * Takes a step with the next sequences of a text.
     *
     * @return the mean loss over all of them, in nats a byte, before the step
     */
    float step(Text text) {
        List<Sequence> sequences = text.sequences(settings, steps++);
        long labels = sequences.stream().mapToLong(Sequence::labels).sum();
        float share = 0;
        for (int i = replica; i < sequences.size(); i += settings.replicas()) {
            share += backward(sequences.get(i), Math.max(1, labels));
        }
        float loss = gradients.sum(share);
        adam.update(steps, gradients.sums());
        return loss;
    }

    /** Adds the gradients of this rank's rows of a sequence, their loss being a share of the mean over all labels; the share. */
    private float backward(Sequence sequence, long labels) {
        List<Long> documents = sequence.documents();
        // A plan a sequence, for all layers.
        Plan plan = attention.plan(MaskRule.causal().inDocuments(documents).over(shape.queries(), shape.keys()), shape);
        Partition partition = plan.problem().queries();
        int rank = sharers.rank();
        long[] ids = partition.shard(rank, sequence.ids());
        // A row's label may be another rank's token: labels are shifted before they are dealt.
        long[] labelled = partition.shardNextTokens(rank, sequence.ids(), documents, LanguageModel.NO_LABEL);
        long[] positions = partition.positionsInDocument(rank, documents);
        // All arrays of a sequence are freed at its end.
        try (NDScope scope = new NDScope();
                RingwoodAttention joined = new RingwoodAttention(attention, plan);
                GradientCollector collector = manager.getEngine().newGradientCollector()) {
            scope.suppressNotUsedWarning();
            Rotary rotary = Rotary.of(manager, positions, settings.size().headDim(), model.type());
            NDArray loss = model.loss(manager.create(ids), manager.create(labelled), rotary, joined)
                    .div(labels);
            joined.backward(collector, loss);
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
        device.close();
        sharers.close();
        gradients.close();
        manager.close();
    }
}
