package org.ringwood.benchmarks.workload;

import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/**
 * A case with the number of threads that it is measured with.
 *
 * @param subject the case
 * @param threads of everyone
 */
public record Turn(KernelCase subject, int threads) {
    /**
     * What is to be measured, in order.
     *
     * @param cases to choose from
     * @param only a regular expression that finds something in the name of each case
     * @param threads numbers of threads for every case; if there are none, those of the case itself
     * @param cores of the machine
     * @throws IllegalArgumentException if nothing is left, or {@code only} or a number of threads can't be meant
     */
    public static List<Turn> of(List<KernelCase> cases, String only, List<Integer> threads, int cores) {
        Predicate<String> matching = predicate(only);
        for (int count : threads) {
            if (count < 1 || count > cores) {
                throw new IllegalArgumentException(
                        count + " threads are not within 1 to " + cores + ", the cores of this machine");
            }
        }
        List<Turn> turns = cases.stream()
                .filter(subject -> matching.test(subject.workload().toString()))
                .flatMap(subject -> counts(subject, threads, cores).map(count -> new Turn(subject, count)))
                .toList();
        if (turns.isEmpty()) {
            throw new IllegalArgumentException("no case matches '" + only + "'; their names are like "
                    + cases.getFirst().workload());
        }
        return turns;
    }

    private static Stream<Integer> counts(KernelCase subject, List<Integer> threads, int cores) {
        Stream<Integer> own = subject.eachCount() ? Stream.of(1, cores) : Stream.of(cores);
        return (threads.isEmpty() ? own : threads.stream()).distinct();
    }

    private static Predicate<String> predicate(String only) {
        try {
            return Pattern.compile(only).asPredicate();
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException("'" + only + "' is no regular expression: " + e.getDescription(), e);
        }
    }
}
