package org.ringwood.examples.trainer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.ringwood.attention.PartitionRule;
import org.ringwood.collectives.GroupOptions;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.Timeouts;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Trains a byte-level language model; every rank runs this program. */
@Command(
        name = "TrainLanguageModel",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        description = "Trains a byte-level language model on ranks that share sequences.")
public final class TrainLanguageModel implements Callable<Integer> {
    /** A rank that gets no core for a while is not lost; that one has ended is seen at once, however long this is. */
    static final GroupOptions OPTIONS = GroupOptions.DEFAULT.withTimeouts(new Timeouts(
            Timeouts.DEFAULT.join(), Duration.ofMinutes(1), Timeouts.DEFAULT.stall(), Timeouts.DEFAULT.job()));

    private static final double NANOS = 1e9;
    private static final String PROMPT = "/**\n * Returns ";

    @Option(names = "--text", paramLabel = "FILE", description = "A text, or a jar or zip file of texts.")
    private Path text = Path.of("examples/djl-trainer/target/text.jar");

    @Option(names = "--tokens", description = "Bytes of a sequence, which the ranks of a replica share.")
    private int tokens = 4096;

    @Option(names = "--sequences", description = "Of a step; each is one replica's.")
    private int sequences = 1;

    @Option(names = "--replicas", description = "Groups of ranks that each take other sequences.")
    private int replicas = 1;

    @Option(names = "--steps", description = "Train until so many steps were taken.")
    private long steps = 500;

    @Option(names = "--layers")
    private int layers = 4;

    @Option(names = "--heads")
    private int heads = 4;

    @Option(names = "--key-heads")
    private int keyHeads = 2;

    @Option(names = "--head-dim")
    private int headDim = 32;

    @Option(names = "--rate", description = "Rate of learning.")
    private double rate = 2e-3;

    @Option(names = "--seed")
    private long seed = 1;

    @Option(names = "--schedule", description = "ring, double-ring, ulysses, gather or hybrid.")
    private String schedule = "ring";

    @Option(names = "--partition", description = "${COMPLETION-CANDIDATES}")
    private PartitionRule partition = PartitionRule.ZIGZAG;

    @Option(names = "--threads", description = "Of each rank; 0: the cores over the ranks of this node.")
    private int threads;

    @Option(
            names = "--checkpoint",
            paramLabel = "FILE",
            description = "Written now and then and at the end; resumed from if it is there.")
    private @Nullable Path checkpoint;

    @Option(names = "--checkpoint-every", paramLabel = "STEPS")
    private int every = 50;

    @Option(names = "--curve", paramLabel = "FILE", description = "CSV file with the loss of every step.")
    private @Nullable Path curve;

    @Option(names = "--sample", paramLabel = "BYTES", description = "How much the model writes in the end.")
    private int sample = 400;

    private TrainLanguageModel() {}

    /** Joins the group that {@code ringwood exec}, torchrun, Slurm or mpirun have set up, and trains. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new TrainLanguageModel())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    command.getErr().println("TrainLanguageModel: " + failure.getMessage());
                    return command.getCommandSpec().exitCodeOnExecutionException();
                })
                .execute(args));
    }

    @Override
    public Integer call() throws IOException {
        if (every < 1) {
            throw new IllegalArgumentException("a checkpoint every " + every + " steps is none: give at least 1");
        }
        var size = new ModelSize(layers, heads, keyHeads, headDim);
        var settings = new Settings(size, tokens, sequences, replicas, rate, seed, schedule, partition);
        Text all = Text.read(text);
        try (ProcessGroup group = ProcessGroups.fromEnvironment(OPTIONS);
                Trainer trainer = new Trainer(group, settings, threads(group))) {
            if (checkpoint != null && Files.exists(checkpoint)) {
                trainer.restore(checkpoint);
            }
            // Nobody writes the file before all have read it, too.
            trainer.meet(all);
            train(group, trainer, all);
            if (group.rank() == 0 && sample > 0) {
                Samples samples = new Samples(trainer.manager(), trainer.model());
                System.out.println(samples.write(PROMPT, sample, new Random(seed)));
            }
            group.barrier();
        }
        return 0;
    }

    private int threads(ProcessGroup group) {
        if (threads > 0) {
            return threads;
        }
        long here = IntStream.range(0, group.size())
                .filter(rank -> group.topology().sameNode(rank, group.rank()))
                .count();
        return (int) Math.max(1, Runtime.getRuntime().availableProcessors() / here);
    }

    private void train(ProcessGroup group, Trainer trainer, Text all) throws IOException {
        boolean tells = group.rank() == 0;
        LossCurve lossCurve = tells && curve != null ? new LossCurve(curve, trainer.steps()) : null;
        if (tells) {
            System.out.printf(
                    Locale.ROOT,
                    "%d parameters, %d bytes of text, %d x %d tokens a step, ranks: %d, replicas: %d, from step %d%n",
                    trainer.model().parameters().elements(),
                    all.length(),
                    sequences,
                    tokens,
                    group.size(),
                    replicas,
                    trainer.steps());
        }
        while (trainer.steps() < steps) {
            long began = System.nanoTime();
            float loss = trainer.step(all);
            double speed = (double) sequences * tokens / ((System.nanoTime() - began) / NANOS);
            if (!tells) {
                continue;
            }
            System.out.printf(Locale.ROOT, "step %4d  loss %.4f  %6.0f tokens/s%n", trainer.steps(), loss, speed);
            if (lossCurve != null) {
                lossCurve.add(trainer.steps(), group.size(), loss, speed);
            }
            if (checkpoint != null && (trainer.steps() % every == 0 || trainer.steps() == steps)) {
                trainer.save(checkpoint);
            }
        }
    }
}
