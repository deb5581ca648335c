package org.ringwood.collectives.mpi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.IntStream;

/**
 * What came of each test on each rank, where ranks are processes and run many tests in one start.
 *
 * @param folder of files that all processes share
 */
public record Outcomes(Path folder) {
    private static final String PASSED = "passed";

    /** A rank's part of a test. */
    @FunctionalInterface
    public interface Part {
        /** Runs it. */
        void run() throws Exception;
    }

    /** Runs a rank's part of a test, and notes how it went. */
    public void note(String test, int rank, Part part) throws IOException {
        Files.writeString(file(test, rank), outcome(part), StandardOpenOption.CREATE_NEW);
    }

    private static String outcome(Part part) {
        try {
            part.run();
            return PASSED;
        } catch (Exception | AssertionError thrown) {
            StringWriter text = new StringWriter();
            thrown.printStackTrace(new PrintWriter(text, true));
            return text.toString();
        }
    }

    /** Fails unless a test has passed on the first so many ranks. */
    public void requirePassed(String test, int ranks) throws IOException {
        for (int rank : IntStream.range(0, ranks).toArray()) {
            assertThat(file(test, rank)).as("outcome of rank " + rank).exists();
            assertThat(Files.readString(file(test, rank)))
                    .as("outcome of rank " + rank)
                    .isEqualTo(PASSED);
        }
    }

    private Path file(String test, int rank) {
        return folder.resolve(test + "." + rank);
    }
}
