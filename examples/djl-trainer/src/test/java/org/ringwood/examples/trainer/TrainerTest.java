package org.ringwood.examples.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.RankThreads;
import org.ringwood.collectives.TestJvm;
import org.ringwood.runtime.Launcher;

/** Training on several worker processes is, step for step, that of the framework alone in one. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class TrainerTest {
    private static final Path TEXT = Path.of(System.getProperty("ringwood.text", "target/text.jar"));
    private static final double FLOOR = 1e-6;
    private static final double EPSILON = 0x1p-23;

    @TempDir
    private Path folder;

    /** Two replicas, of one rank and of two; then one of two ranks, which takes the three sequences of a step in turn. */
    @Test
    void lossesAndGradientsAreThoseOfOneProcessAlsoAfterAResumeOnOtherRanks() throws Exception {
        Path file = documents();
        start(3, TrainingRank.class, file.toString(), folder.toString(), "3", "ring", "2");
        start(2, TrainingRank.class, file.toString(), folder.toString(), "5", "gather", "1");
        Text text = Text.read(file);
        Settings settings = TrainingRank.settings("ring", 1);
        try (SingleProcess plain = new SingleProcess(settings, DataType.FLOAT32);
                SingleProcess exact = new SingleProcess(settings, DataType.FLOAT64)) {
            for (int step = 1; step <= 5; step++) {
                assertWithin(TrainingRank.read(folder, step), plain.step(text), exact.step(text), "step " + step);
            }
        }
    }

    /** Documents of no byte, of one, of a few, and of more than a sequence has. */
    private Path documents() throws IOException {
        Path file = folder.resolve("documents.zip");
        Random random = new Random(3);
        try (ZipOutputStream archive = new ZipOutputStream(Files.newOutputStream(file))) {
            for (int length : List.of(40, 0, 1, 17, 1, 1, 0, 0, 60, 300, 5, 2, 33, 80)) {
                archive.putNextEntry(new ZipEntry("%016x.txt".formatted(random.nextLong())));
                byte[] words = new byte[length];
                for (int i = 0; i < length; i++) {
                    words[i] = (byte) ('a' + random.nextInt(1 + i % 7));
                }
                archive.write(words);
            }
        }
        return file;
    }

    /** The project's bound, {@code 2·plain + 2ε·max|ref| + 1e-6}, where plain is the framework's own error in f32 from the same training in f64. */
    private static void assertWithin(StepResults actual, StepResults plain, StepResults exact, String step) {
        assertWithin(new double[] {actual.loss()}, new double[] {plain.loss()}, new double[] {exact.loss()}, step);
        assertThat(actual.gradients()).hasSameSizeAs(exact.gradients());
        for (int i = 0; i < exact.gradients().size(); i++) {
            assertWithin(
                    actual.gradients().get(i),
                    plain.gradients().get(i),
                    exact.gradients().get(i),
                    step + ", gradient of parameter " + i);
        }
    }

    private static void assertWithin(double[] actual, double[] plain, double[] exact, String what) {
        double largest = 0;
        for (double number : exact) {
            largest = Math.max(largest, Math.abs(number));
        }
        double bound = 2 * distance(plain, exact) + 2 * EPSILON * largest + FLOOR;
        assertThat(distance(actual, exact)).as(what).isLessThanOrEqualTo(bound);
    }

    private static double distance(double[] one, double[] other) {
        assertThat(one).hasSameSizeAs(other);
        double distance = 0;
        for (int i = 0; i < one.length; i++) {
            distance = Math.max(distance, Math.abs(one[i] - other[i]));
        }
        return distance;
    }

    @Test
    void theProgramLearnsWritesItsCurveAndGoesOnFromItsCheckpoint() throws Exception {
        Path curve = folder.resolve("curve.csv");
        List<String> arguments = new ArrayList<>(List.of(
                "--text=" + TEXT,
                "--tokens=64",
                "--sequences=2",
                "--replicas=2",
                "--layers=1",
                "--head-dim=8",
                "--rate=0.02",
                "--threads=1",
                "--checkpoint=" + folder.resolve("model.npz"),
                "--curve=" + curve,
                "--sample=20",
                "--steps=6"));
        assertThat(start(2, TrainLanguageModel.class, arguments.toArray(String[]::new)))
                .contains("2 x 64 tokens a step, ranks: 2, replicas: 2, from step 0", "* Returns ");
        arguments.set(arguments.size() - 1, "--steps=12");
        arguments.remove("--replicas=2");
        assertThat(start(1, TrainLanguageModel.class, arguments.toArray(String[]::new)))
                .contains("2 x 64 tokens a step, ranks: 1, replicas: 1, from step 6");
        List<String> lines = Files.readAllLines(curve);
        assertThat(lines).hasSize(13).element(0).isEqualTo("step,ranks,loss_nats_per_byte,tokens_per_s");
        assertThat(lines.get(6)).startsWith("6,2,");
        assertThat(lines.get(7)).startsWith("7,1,");
        assertThat(loss(lines.getLast())).isLessThan(loss(lines.get(1)));
    }

    @Test
    void refusesReplicasThatHaveNothingToDoOrNobodyToDoIt() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TrainingRank.settings("ring", 4))
                .withMessageStartingWith("3 sequences a step are not enough for 4 replicas");
        try (ProcessGroup alone = ProcessGroups.inProcess(1).getFirst()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new Trainer(alone, TrainingRank.settings("ring", 2), 1).close())
                    .withMessageStartingWith("2 replicas need as many ranks, but there are 1");
        }
    }

    @Test
    void scheduleOfAllQueriesIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TrainingRank.settings("tree", 1))
                .withMessageStartingWith("tree gives every rank all queries");
    }

    /** As where one of two nodes has no checkpoint, or another text. */
    @Test
    void ranksThatDoNotTrainTheSameEndBeforeTheFirstStep() throws Exception {
        Path checkpoint = folder.resolve("model.npz");
        Settings settings = TrainingRank.settings("ring", 1);
        Text text = Text.read(documents());
        try (ProcessGroup alone = ProcessGroups.inProcess(1).getFirst();
                Trainer trainer = new Trainer(alone, settings, 1)) {
            trainer.meet(text);
            trainer.step(text);
            trainer.save(checkpoint);
        }
        Text other = Text.read(Files.writeString(folder.resolve("other"), "b".repeat(540)));
        assertThat(meeting((rank, trainer) -> {
                    if (rank == 0) {
                        trainer.restore(checkpoint);
                    }
                    return text;
                }))
                .allMatch(
                        "rank 1 goes on from step 0 and rank 0 from step 1: give all ranks the same checkpoint"
                                ::equals);
        assertThat(meeting((rank, trainer) -> rank == 0 ? text : other))
                .allMatch("rank 1 has another text or other settings than rank 0: give all ranks the same"::equals);
        assertThat(meeting((rank, trainer) -> text)).allMatch(""::equals);
    }

    private interface Preparation {
        Text prepare(int rank, Trainer trainer) throws IOException;
    }

    /** What two ranks that meet throw, empty if nothing. */
    private static List<String> meeting(Preparation preparation) {
        return RankThreads.outcomes(ProcessGroups.inProcess(2), group -> {
                    try (Trainer trainer = new Trainer(group, TrainingRank.settings("ring", 1), 1)) {
                        trainer.meet(preparation.prepare(group.rank(), trainer));
                    }
                })
                .stream()
                .map(thrown -> thrown.map(Throwable::getMessage).orElse(""))
                .toList();
    }

    private static double loss(String line) {
        return Double.parseDouble(line.split(",", -1)[2]);
    }

    /** Runs a program on ranks that are processes, as {@code ringwood exec} does; what it printed. */
    private String start(int ranks, Class<?> program, String... arguments) throws Exception {
        List<String> flags = List.of(
                "--add-modules=jdk.incubator.vector",
                "-DENGINE_CACHE_DIR=" + System.getProperty("ENGINE_CACHE_DIR"),
                "-DDJL_CACHE_DIR=" + System.getProperty("DJL_CACHE_DIR"));
        String classPath = System.getProperty("java.class.path");
        List<String> command = new ArrayList<>(
                TestJvm.command(List.of(), classPath, Launcher.class, "exec", "-n", Integer.toString(ranks), "--"));
        command.addAll(TestJvm.command(flags, classPath, program, arguments));
        Path log = folder.resolve("log");
        Process launcher = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            int code = launcher.waitFor();
            String output = Files.readString(log);
            assertThat(code).as(output).isZero();
            return output;
        } finally {
            launcher.descendants().forEach(ProcessHandle::destroyForcibly);
            launcher.destroyForcibly();
        }
    }
}
