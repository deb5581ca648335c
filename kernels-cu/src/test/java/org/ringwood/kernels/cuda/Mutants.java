package org.ringwood.kernels.cuda;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.ringwood.kernels.cuda.EmulatedKernels.Ended;
import org.ringwood.kernels.cuda.Mutation.Mutant;

/** Asks of mutants of the kernels whether the program {@code check} notices them; those that it lets live are asked for once more under sanitizers. */
final class Mutants {
    private static final Path SOURCES = Path.of("src", "main", "cuda");
    /** What attention and gradients have in common; without a name, none of the files. */
    private static final Set<String> SHARED =
            Set.of("", "dropout.cuh", "float_tiles.cuh", "tensor_tiles.cuh", "units.cuh");

    private static final Mutant NONE = new Mutant(0, "", 0, "", "");

    /** What a mutant is run with; the first ones are the quickest. */
    enum Check {
        /** A wrong result, what the emulation checks, a crash. */
        PLAIN("check", 40),
        ADDRESS("address", 300),
        THREAD("thread", 300);

        final String mode;
        /** Of the processor: one that needs more is taken for one that does not end. */
        final int seconds;

        Check(String mode, int seconds) {
            this.mode = mode;
            this.seconds = seconds;
        }
    }

    /** What noticed a mutant and how, if it does not survive. */
    record Outcome(Mutant mutant, Optional<Check> by, String noticed) {
        boolean survives() {
            return by.isEmpty();
        }
    }

    private final List<Mutant> all;
    private final List<String> types;
    private final List<String> cases;
    private final Map<Check, EmulatedKernels> kernels;

    private Mutants(List<Mutant> all, List<String> types, List<String> cases, Map<Check, EmulatedKernels> kernels) {
        this.all = all;
        this.types = types;
        this.cases = cases;
        this.kernels = kernels;
    }

    /**
     * Writes the mutants and compiles them for each of the checks.
     *
     * @param folder below {@code target}
     * @param types of elements whose kernels take part, the quickest first
     * @param cases begins of the names of groups of cases that are run for each type, an empty one for all
     * @throws UnsupportedOperationException if that can't be done here; the message says why
     */
    static Mutants build(String folder, List<String> types, List<String> cases, Check... checks) {
        try {
            Path sources = Path.of("target", folder, "sources").toAbsolutePath();
            List<Mutant> all = Mutation.write(SOURCES, sources, types);
            Map<Check, EmulatedKernels> kernels = new EnumMap<>(Check.class);
            for (Check check : checks) {
                kernels.put(check, EmulatedKernels.build(folder + "/" + check.mode, check.mode, sources.toString()));
            }
            return new Mutants(all, types, cases, kernels);
        } catch (IOException e) {
            throw new UnsupportedOperationException("the mutants can't be written: " + e.getMessage(), e);
        }
    }

    List<Mutant> all() {
        return all;
    }

    /** What becomes of those that are asked for, in their order; some at a time. Each is told as soon as it is known. */
    List<Outcome> outcomes(Predicate<Mutant> wanted, Consumer<Outcome> told) throws InterruptedException {
        Outcome unchanged = outcome(NONE);
        if (!unchanged.survives()) {
            throw new IllegalStateException("check does not hold without any mutant: " + unchanged.noticed());
        }
        try (ExecutorService pool =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
            List<Future<Outcome>> running = all.stream()
                    .filter(wanted)
                    .map(mutant -> pool.submit(() -> outcome(mutant)))
                    .toList();
            for (Future<Outcome> one : running) {
                told.accept(one.get());
            }
            return running.stream().map(Future::resultNow).toList();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /** The groups of cases that run a file's code. Watched builds are slow, so of these one type must do; they have no f16. */
    private String groups(String file, Check check) {
        return types.stream()
                .filter(type -> !file.matches(".*float.*") || type.equals("f32"))
                .filter(type -> !file.matches(".*tensor.*") || !type.equals("f32"))
                .limit(check == Check.PLAIN ? types.size() : 1)
                .flatMap(type -> groupsOfType(file, type))
                .collect(Collectors.joining(",", ofStates(file) ? "merge," : "", ""));
    }

    private static boolean ofStates(String file) {
        return file.isEmpty() || file.equals("states.cu") || file.equals("records.cuh");
    }

    private Stream<String> groupsOfType(String file, String type) {
        Stream<String> attention = cases.stream().map(group -> "attention " + type + ": " + group);
        Stream<String> gradients = Stream.of("gradients " + type);
        if (file.startsWith("gradient")) {
            return gradients;
        }
        return SHARED.contains(file) ? Stream.concat(attention, gradients) : attention;
    }

    private Outcome outcome(Mutant mutant) {
        for (Map.Entry<Check, EmulatedKernels> check : kernels.entrySet()) {
            Ended ended = check.getValue()
                    .check("first", groups(mutant.file(), check.getKey()), mutant.number(), check.getKey().seconds);
            if (ended.status() != 0) {
                return new Outcome(mutant, Optional.of(check.getKey()), said(ended));
            }
        }
        return new Outcome(mutant, Optional.empty(), "");
    }

    /** What tells of a failure in one line. */
    private static String said(Ended ended) {
        return ended.said()
                .lines()
                .filter(line -> line.matches("(emulated GPU|     |.*runtime error|SUMMARY).*"))
                .findFirst()
                .orElse("ended with " + ended.status())
                .strip();
    }
}
