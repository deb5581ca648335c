package org.ringwood.kernels.cuda;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.ringwood.kernels.cuda.Mutants.Check;
import org.ringwood.kernels.cuda.Mutants.Outcome;

/** The program that {@code src/test/cuda/emulation/mutate} starts: all mutants, or those whose names match, and a table of what became of them. */
final class Mutate {
    private static final Path EXPLAINED = Path.of("src", "test", "cuda", "emulation", "survivors.txt");

    private Mutate() {}

    /** What became of the mutants of a file. */
    private static final class Row {
        private final Map<Check, Integer> noticed = new EnumMap<>(Check.class);
        private int explained;
        private int unknown;

        void add(Outcome outcome, boolean isExplained) {
            outcome.by().ifPresent(check -> noticed.merge(check, 1, Integer::sum));
            if (outcome.survives() && isExplained) {
                explained++;
            } else if (outcome.survives()) {
                unknown++;
            }
        }

        String text() {
            int all = noticed.values().stream().mapToInt(Integer::intValue).sum() + explained + unknown;
            Stream<Integer> columns = Stream.concat(
                    Stream.concat(
                            Stream.of(all), Arrays.stream(Check.values()).map(check -> noticed.getOrDefault(check, 0))),
                    Stream.of(explained, unknown));
            return columns.map(String::valueOf).collect(Collectors.joining(" | ", "| ", " |"));
        }
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Pattern wanted = Pattern.compile(arguments.length > 0 ? arguments[0] : "");
        Check[] checks = arguments.length > 1
                ? Arrays.stream(arguments[1].split(",")).map(Check::valueOf).toArray(Check[]::new)
                : Check.values();
        Survivors survivors = Survivors.read(EXPLAINED);
        Mutants mutants = Mutants.build("mutants", List.of("bf16", "f32", "f16"), List.of(""), checks);
        boolean stale = tellOfNoMutant(survivors, mutants);
        Map<String, Row> rows = new TreeMap<>();
        boolean unknown = false;
        for (Outcome outcome :
                mutants.outcomes(mutant -> wanted.matcher(mutant.key()).find(), Mutate::tell)) {
            boolean explained = survivors.explain(outcome.mutant());
            rows.computeIfAbsent(outcome.mutant().file(), file -> new Row()).add(outcome, explained);
            if (outcome.survives() && !explained) {
                unknown = true;
                System.out.println("UNKNOWN SURVIVOR " + outcome.mutant().key());
            } else if (!outcome.survives() && explained) {
                stale = true;
                System.out.println("NO LONGER SURVIVES " + outcome.mutant().key());
            }
        }
        System.out.println("| file | mutants | check | address, undefined | thread | explained | unknown |");
        rows.forEach((file, row) -> System.out.println("| " + file + " " + row.text()));
        System.exit(unknown || stale ? 1 : 0);
    }

    /** Whether something is explained that is none of the mutants. */
    private static boolean tellOfNoMutant(Survivors survivors, Mutants mutants) {
        Set<String> none = new HashSet<>(survivors.keys());
        mutants.all().forEach(mutant -> none.remove(mutant.key()));
        none.forEach(key -> System.out.println("NO MUTANT " + key));
        return !none.isEmpty();
    }

    private static void tell(Outcome outcome) {
        System.out.println(outcome.mutant().line() + " " + outcome.mutant().key() + " -> "
                + outcome.by().map(check -> check + ": " + outcome.noticed()).orElse("SURVIVES"));
    }
}
