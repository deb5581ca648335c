package org.ringwood.examples.trainer;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.ringwood.attention.PartitionRule;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;

/** One rank of a training whose steps are kept: {@code TrainingRank TEXT FOLDER STEPS SCHEDULE REPLICAS}, from the folder's checkpoint if there is one. */
public final class TrainingRank {
    private TrainingRank() {}

    /** Small, and nothing in it divides by the ranks. */
    static Settings settings(String schedule, int replicas) {
        return new Settings(new ModelSize(2, 4, 2, 8), 97, 3, replicas, 1e-2, 5, schedule, PartitionRule.ZIGZAG);
    }

    /** Rank 0 writes what came of every step, and the checkpoint. */
    public static void main(String[] args) throws IOException {
        Text text = Text.read(Path.of(args[0]));
        Path folder = Path.of(args[1]);
        Path checkpoint = folder.resolve("checkpoint.npz");
        try (ProcessGroup group = ProcessGroups.fromEnvironment(TrainLanguageModel.OPTIONS);
                Trainer trainer = new Trainer(group, settings(args[3], Integer.parseInt(args[4])), 1)) {
            if (Files.exists(checkpoint)) {
                trainer.restore(checkpoint);
            }
            trainer.meet(text);
            while (trainer.steps() < Long.parseLong(args[2])) {
                float loss = trainer.step(text);
                if (group.rank() == 0) {
                    write(folder, trainer.steps(), new StepResults(loss, StepResults.elements(trainer.gradients())));
                }
            }
            if (group.rank() == 0) {
                trainer.save(checkpoint);
            }
            group.barrier();
        }
    }

    private static Path file(Path folder, long step) {
        return folder.resolve("step" + step);
    }

    private static void write(Path folder, long step, StepResults results) throws IOException {
        try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(file(folder, step)))) {
            out.writeDouble(results.loss());
            out.writeInt(results.gradients().size());
            for (double[] gradient : results.gradients()) {
                ByteBuffer bytes = ByteBuffer.allocate(gradient.length * Double.BYTES);
                bytes.asDoubleBuffer().put(gradient);
                out.writeInt(gradient.length);
                out.write(bytes.array());
            }
        }
    }

    /** What came of a step, if rank 0 has taken it. */
    static StepResults read(Path folder, long step) throws IOException {
        try (DataInputStream in = new DataInputStream(Files.newInputStream(file(folder, step)))) {
            double loss = in.readDouble();
            List<double[]> gradients = new ArrayList<>();
            for (int i = in.readInt(); i > 0; i--) {
                double[] gradient = new double[in.readInt()];
                DoubleBuffer numbers = ByteBuffer.wrap(in.readNBytes(gradient.length * Double.BYTES))
                        .asDoubleBuffer();
                numbers.get(gradient);
                gradients.add(gradient);
            }
            return new StepResults(loss, gradients);
        }
    }
}
