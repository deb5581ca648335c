package org.ringwood.kernels.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.ringwood.kernels.cuda.Mutants.Check;
import org.ringwood.kernels.cuda.Mutants.Outcome;

/** The program that {@code src/test/cuda/emulation/mutate} starts: all mutants, or those whose names match, and a table of what became of them. */
final class Mutate {
    /** Survivors that are known, one a line, after the reason of each group. */
    private static final Path KNOWN = Path.of("src", "test", "cuda", "emulation", "survivors.txt");

    private Mutate() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Pattern wanted = Pattern.compile(arguments.length > 0 ? arguments[0] : "");
        Check[] checks = arguments.length > 1
                ? Arrays.stream(arguments[1].split(",")).map(Check::valueOf).toArray(Check[]::new)
                : Check.values();
        Set<String> known = new HashSet<>(Files.readAllLines(KNOWN));
        List<Outcome> outcomes = Mutants.build("mutants", List.of("bf16", "f32", "f16"), List.of(""), checks)
                .outcomes(mutant -> wanted.matcher(mutant.key()).find(), Mutate::tell);
        Map<String, int[]> files = new TreeMap<>();
        int unknown = 0;
        for (Outcome outcome : outcomes) {
            int[] counts = files.computeIfAbsent(outcome.mutant().file(), file -> new int[3]);
            boolean expected = known.contains(outcome.mutant().key());
            counts[outcome.survives() ? expected ? 1 : 2 : 0]++;
            if (outcome.survives() && !expected) {
                unknown++;
                System.out.println("UNKNOWN SURVIVOR " + outcome.mutant().key());
            } else if (!outcome.survives() && expected) {
                System.out.println("NO LONGER SURVIVES " + outcome.mutant().key());
            }
        }
        files.forEach((file, counts) -> System.out.printf(
                "| %s | %d | %d | %d |%n", file, counts[0] + counts[1] + counts[2], counts[0], counts[1] + counts[2]));
        System.exit(unknown == 0 ? 0 : 1);
    }

    private static void tell(Outcome outcome) {
        System.out.println(outcome.mutant().line() + " " + outcome.mutant().key() + " -> "
                + (outcome.survives() ? "SURVIVES" : outcome.noticed()));
    }
}
