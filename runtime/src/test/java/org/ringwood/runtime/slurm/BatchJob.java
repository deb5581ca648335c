package org.ringwood.runtime.slurm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A job in Slurm's queue. */
record BatchJob(TestCluster cluster, String id, Path log) {
    private static final long PATIENCE_SECONDS = 240;
    private static final long LOOK_MILLIS = 200;
    private static final Pattern STATE = Pattern.compile("JobState=(\\S+)");
    private static final Pattern EXIT = Pattern.compile("ExitCode=(\\d+):(\\d+)");

    /** How a job ended: its state, and the exit code of its script. */
    record End(String state, int code, String log) {}

    /** Waits until the job has ended for good; one that was put back into the queue has not. */
    End await() throws IOException, InterruptedException {
        StringBuilder last = new StringBuilder();
        awaitThat("end", () -> {
            last.setLength(0);
            last.append(show());
            return found(STATE, last.toString()).matches("COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL");
        });
        return new End(found(STATE, last.toString()), Integer.parseInt(found(EXIT, last.toString())), text());
    }

    /** Waits until Slurm has put the job back into its queue. */
    void awaitRequeue() throws InterruptedException {
        awaitThat("return into the queue", () -> found(STATE, show()).equals("PENDING"));
    }

    /** Waits until the job's log says something. */
    void awaitLog(String sentence) throws InterruptedException {
        awaitThat("say '" + sentence + "'", () -> text().contains(sentence));
    }

    /** Waits until ranks are in the middle of their work: the output file is made, and not finished. */
    void awaitMiddle(String output) throws InterruptedException {
        awaitThat("come to its middle", () -> {
            try (Stream<Path> files = Files.list(cluster.jobs())) {
                return files.anyMatch(file -> file.getFileName().toString().startsWith("." + output));
            } catch (IOException unreadable) {
                throw new AssertionError(unreadable);
            }
        });
    }

    /** The jobs that this one has submitted and told of, in the order in which it did, with the names that the batch script gave them. */
    List<BatchJob> submitted(String... names) throws IOException, InterruptedException {
        End end = await();
        assertThat(end.state()).as(end.log()).isEqualTo("COMPLETED");
        List<String> ids = Pattern.compile("^job (\\d+) ", Pattern.MULTILINE)
                .matcher(end.log())
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(ids).as(end.log()).hasSize(names.length);
        return IntStream.range(0, names.length)
                .mapToObj(i ->
                        new BatchJob(cluster, ids.get(i), cluster.jobs().resolve(names[i] + "-" + ids.get(i) + ".log")))
                .toList();
    }

    /** Sends it the signal by which Slurm says that its time is nearly over. */
    void warn() throws IOException, InterruptedException {
        cluster.run(Map.of(), "scancel", "--signal=USR1", "--batch", id).requireSuccess();
    }

    /** Puts it back into the queue, as Slurm does with a job that gives way to another. */
    void requeue() throws IOException, InterruptedException {
        cluster.run(Map.of(), "scontrol", "requeue", id).requireSuccess();
    }

    /** Slurm and processes of other namespaces tell this JVM of nothing: it has to look. */
    void awaitThat(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("job " + id + " did not " + what + ": " + show() + "\n" + text());
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    private String show() {
        try {
            return cluster.run(Map.of(), "scontrol", "show", "job", id).requireSuccess();
        } catch (IOException | InterruptedException failed) {
            throw new AssertionError(failed);
        }
    }

    private static String found(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.find()) {
            throw new AssertionError("no " + pattern + " in " + text);
        }
        return matcher.group(1);
    }

    String text() {
        try {
            return Files.exists(log) ? Files.readString(log) : "";
        } catch (IOException unreadable) {
            throw new AssertionError(unreadable);
        }
    }

    /** Digest of a file that the job has written. */
    String digest(String output) throws IOException {
        try {
            byte[] bytes = Files.readAllBytes(cluster.jobs().resolve(output));
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
