package org.ringwood.kernels.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The kernels' sources with all their mutants at once: every mutant is one small change that is made while the environment variable {@code RINGWOOD_MUTANT}
 * holds its number. So they are compiled once, and a mutant takes no longer than the cases that find it.
 */
final class Mutation {
    /**
     * Tables and structures, which the compiler has to know; the bodies of primitives for the hardware, which the emulation has not; and the generator of random numbers, which
     * {@code check} compiles, too, to ask it for known answers.
     */
    private static final List<String> LEFT_ALONE =
            List.of("shapes.cuh", "call.cuh", "kernels.cuh", "gradient_kernels.cuh", "primitives.cuh", "philox.cuh");

    private static final Pattern UNTOUCHED =
            Pattern.compile("^\\s*(//|#|template|using|struct|static_assert|extern|RINGWOOD_)|constexpr|static_assert");

    /** Template arguments, which are constants; heads of functions; comments. */
    private static final Pattern CONSTANT = Pattern.compile("(?<=\\w)<[^<>;()]*>|^.*(__device__|__global__)[^{]*|//.*");

    /** A statement that is a call or an assignment, and not a declaration. */
    private static final Pattern STATEMENT =
            Pattern.compile("^(\\s{2,})([\\w.:>\\[\\]*-]+(\\(.*\\)|(\\[[^=]*\\])* [-+*|&]?= .*);)\\s*(//.*)?$");

    private static final Pattern VOTE = Pattern.compile("__syncthreads_or\\(");
    private static final Pattern CONDITION = Pattern.compile(" (&&|\\|\\|) ");
    private static final Pattern SMALLER_OR_LARGER = Pattern.compile("\\b(min|max)\\(");
    private static final Pattern STRIDE =
            Pattern.compile("([A-Za-z_.]+)\\.(tokenStride|headStride|keyStride|valueStride|dim|dimV)\\b(?! =)");
    private static final Pattern OPERATOR =
            Pattern.compile("(?<=[\\w)\\]]) (<=?|>=?|==|!=|[-+*/%&]|<<|>>) (?=[\\w(-])");

    /** One change. The source is that of the line, without its indentation; of lines that are alike in a file, all but the first have their number. */
    record Mutant(int number, String file, int line, String source, String change) {
        /** What names it as long as its line is not changed. */
        String key() {
            return file + ": " + source + ": " + change;
        }

        /** Whether a barrier or a wait is left out. */
        boolean synchronization() {
            boolean leftOut = change.equals("without it") && source.matches("(__sync|cp_async_wait).*");
            return leftOut || change.equals("a vote without its barrier");
        }
    }

    private record Edit(int from, int to, String text) {}

    private record Line(String file, int number, String text, String source) {
        /** Where something is in the line, indented or not. */
        String at(Matcher found) {
            return " at " + (found.start() - text.indexOf(text.strip()));
        }
    }

    private final List<Mutant> mutants = new ArrayList<>();

    /** Writes the mutated sources to a folder, of the attention and gradients of some types of elements. */
    static List<Mutant> write(Path sources, Path folder, List<String> types) throws IOException {
        Mutation mutation = new Mutation();
        Files.createDirectories(folder);
        List<Path> files;
        try (Stream<Path> all = Files.list(sources)) {
            files = all.sorted().toList();
        }
        for (Path file : files) {
            String name = file.getFileName().toString();
            if (name.matches("(attend|gradient)_.*\\.cu") && !types.contains(name.replaceAll(".*_|\\.cu", ""))) {
                continue;
            }
            List<String> lines = new ArrayList<>(Files.readAllLines(file));
            if (name.equals("primitives.cuh")) {
                lines.addFirst("#include \"mutation.h\"");
            }
            if (!LEFT_ALONE.contains(name) && name.matches(".*\\.cuh?")) {
                mutation.mutate(name, lines);
            }
            write(folder.resolve(name), lines);
        }
        return mutation.mutants;
    }

    /** What has not changed is left as it is, so that it is not compiled again. */
    private static void write(Path file, List<String> lines) throws IOException {
        if (!Files.exists(file) || !Files.readAllLines(file).equals(lines)) {
            Files.write(file, lines);
        }
    }

    private void mutate(String file, List<String> lines) {
        boolean function = false;
        Map<String, Integer> alike = new HashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            String text = lines.get(i);
            // What stands before the first function is declarations.
            function |= text.contains("__device__") || text.contains("__global__");
            if (function && !UNTOUCHED.matcher(text).find()) {
                int which = alike.merge(text.strip(), 1, Integer::sum);
                String source = which == 1 ? text.strip() : text.strip() + " (" + which + ")";
                lines.set(i, mutated(new Line(file, i + 1, text, source)));
            }
        }
    }

    private String mutated(Line of) {
        String line = of.text();
        List<Edit> edits = new ArrayList<>();
        Matcher statement = STATEMENT.matcher(line);
        if (statement.matches()) {
            int start = statement.start(2);
            edits.add(new Edit(start, start, "if (!mutation::on(" + add(of, "without it") + ")) "));
        }
        String code = CONSTANT.matcher(line)
                .replaceAll(found -> " ".repeat(found.group().length()));
        for (Matcher m = VOTE.matcher(code); m.find(); ) {
            String voted = code.substring(m.end(), end(code, m.end()));
            edits.add(new Edit(
                    m.start(),
                    m.start(),
                    "mutation::on(" + add(of, "a vote without its barrier") + ") ? bool("
                            + line.substring(m.end(), m.end() + voted.length()) + ") : "));
        }
        for (Matcher m = CONDITION.matcher(code); m.find(); ) {
            boolean and = m.group(1).equals("&&");
            int mutant = add(of, "without what follows the " + m.group(1) + of.at(m));
            edits.add(new Edit(
                    m.end(),
                    m.end(),
                    and ? "(mutation::on(" + mutant + ") || (" : "(!mutation::on(" + mutant + ") && ("));
            edits.add(new Edit(end(code, m.end()), end(code, m.end()), "))"));
        }
        for (Matcher m = SMALLER_OR_LARGER.matcher(code); m.find(); ) {
            String word = m.group(1).equals("min") ? "Min" : "Max";
            edits.add(new Edit(
                    m.start(), m.end() - 1, "mutation::" + word + "{" + add(of, "not " + m.group(1) + of.at(m)) + "}"));
        }
        for (Matcher m = STRIDE.matcher(code); m.find(); ) {
            String other = m.group(1) + "." + otherStride(m.group(2));
            edits.add(new Edit(
                    m.start(),
                    m.end(),
                    "mutation::either(" + add(of, other + " for " + m.group() + of.at(m)) + ", " + m.group() + ", "
                            + other + ")"));
        }
        for (Matcher m = OPERATOR.matcher(code); m.find(); ) {
            String operator = m.group(1);
            int first = mutants.size() + 1;
            changes(operator).forEach(other -> add(of, other + " for " + operator + of.at(m)));
            edits.add(new Edit(
                    m.start(),
                    m.end(),
                    " " + operator + "mutation::" + word(operator) + "{" + first + "}" + operator + " "));
        }
        return apply(line, edits);
    }

    private int add(Line line, String change) {
        int number = mutants.size() + 1;
        mutants.add(new Mutant(number, line.file(), line.number(), line.source(), change));
        return number;
    }

    /** Where an operand ends that begins at an index. */
    private static int end(String code, int from) {
        int depth = 0;
        for (int i = from; i < code.length(); i++) {
            char c = code.charAt(i);
            if (c == '(' || c == '[' || c == '{') {
                depth++;
            } else if (depth == 0
                    && (")],;?}".indexOf(c) >= 0
                            || code.startsWith(" &&", i)
                            || code.startsWith(" ||", i)
                            || code.startsWith(" ?", i))) {
                return i;
            } else if (c == ')' || c == ']' || c == '}') {
                depth--;
            }
        }
        return code.length();
    }

    private static String otherStride(String stride) {
        return switch (stride) {
            case "tokenStride" -> "headStride";
            case "headStride" -> "tokenStride";
            case "keyStride" -> "valueStride";
            case "valueStride" -> "keyStride";
            case "dim" -> "dimV";
            default -> "dim";
        };
    }

    /** What mutation.h calls the operator. */
    private static String word(String operator) {
        return switch (operator) {
            case "<" -> "Less";
            case "<=" -> "LessOrEqual";
            case ">" -> "Greater";
            case ">=" -> "GreaterOrEqual";
            case "==" -> "Equal";
            case "!=" -> "Unequal";
            case "+" -> "Plus";
            case "-" -> "Minus";
            case "*" -> "Times";
            case "/" -> "Divided";
            case "%" -> "Modulo";
            case "&" -> "And";
            case ">>" -> "Right";
            default -> "Left";
        };
    }

    private static List<String> changes(String operator) {
        return switch (operator) {
            case "<" -> List.of("<=");
            case "<=" -> List.of("<");
            case ">" -> List.of(">=");
            case ">=" -> List.of(">");
            case "==" -> List.of("!=");
            case "!=" -> List.of("==");
            case "+" -> List.of("-", "one more than +");
            case "-" -> List.of("+", "one more than -");
            case "*" -> List.of("+");
            case "/" -> List.of("%");
            case "%" -> List.of("/");
            case "&" -> List.of("|");
            case ">>" -> List.of("<<");
            default -> List.of(">>");
        };
    }

    private static String apply(String line, List<Edit> edits) {
        edits.sort(Comparator.comparingInt(Edit::from).thenComparingInt(Edit::to));
        StringBuilder mutated = new StringBuilder();
        int at = 0;
        for (Edit edit : edits) {
            mutated.append(line, at, edit.from()).append(edit.text());
            at = edit.to();
        }
        return mutated.append(line.substring(at)).toString();
    }
}
