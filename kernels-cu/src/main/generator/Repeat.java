import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Repetition of text, which the loops of every generator are made of. */
final class Repeat {
    private Repeat() {}

    /** The texts of the numbers below {@code count}, one after the other. */
    static String each(int count, IntFunction<String> text) {
        return IntStream.range(0, count).mapToObj(text).collect(Collectors.joining());
    }
}
