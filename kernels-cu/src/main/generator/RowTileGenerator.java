/** Writes the tiles of few queries: loops over the rows of keys or values, for every type of elements that they are read in. */
final class RowTileGenerator {
    /**
     * How vectors of elements are read from memory: two vectors for every sixteen elements that a pass goes over.
     *
     * @param name in the tiles' names
     * @param bytes of an element
     * @param second elements from the place of a pair's first vector, in queries, partial sums and outputs, to that of its second one
     * @param pairs pairs of vectors of the wide tile; so many that it, its constants and its reads stay well within what C2 inlines into a method
     * @param constants statements that declare what {@code read} needs
     * @param read statements that declare the vectors {@code x0} and {@code x1} of the pair at {@code %s}
     */
    private record Elements(String name, int bytes, String second, int pairs, String constants, String read) {}

    private static final Elements F32 = new Elements("F32", 4, "LENGTH", 4, "", """
            FloatVector x%1$d = FloatVector.fromMemorySegment(FLOATS, memory, %3$s, ORDER);
            FloatVector x%2$d = FloatVector.fromMemorySegment(FLOATS, memory, %3$s + WIDTH, ORDER);
            """);

    /** Elements are read in pairs, as integers: the even ones are their lower halves, the odd ones their upper halves. */
    private static final Elements BF16 = new Elements("Bf16", 2, "HALF", 4, """
            IntVector upper = IntVector.broadcast(INTS, 0xFFFF0000);
            """, """
            IntVector pair%1$d = IntVector.fromMemorySegment(INTS, memory, %3$s, ORDER);
            FloatVector x%1$d = pair%1$d.lanewise(LSHL, 16).reinterpretAsFloats();
            FloatVector x%2$d = pair%1$d.lanewise(AND, upper).reinterpretAsFloats();
            """);

    /**
     * Pairs as of BF16. Sign, exponent and mantissa are moved to their places in an f32, which is then too small by the difference of the biases
     * of the exponents; to multiply by that is exact, also where the element is subnormal. Only for finite elements: to tell the others apart is more
     * than C2 compiles in a tile.
     */
    private static final Elements F16 = new Elements("F16", 2, "HALF", 2, """
            IntVector parts = IntVector.broadcast(INTS, 0x8FFFE000);
            FloatVector bias = FloatVector.broadcast(FLOATS, 0x1p112f);
            """, """
            IntVector pair%1$d = IntVector.fromMemorySegment(INTS, memory, %3$s, ORDER);
            FloatVector x%1$d = pair%1$d.lanewise(LSHL, 16).lanewise(ASHR, 3).lanewise(AND, parts).reinterpretAsFloats().lanewise(MUL, bias);
            FloatVector x%2$d = pair%1$d.lanewise(ASHR, 3).lanewise(AND, parts).reinterpretAsFloats().lanewise(MUL, bias);
            """);

    /** Vectors of a step of the search for elements that are not finite: so many that C2 compiles it on its own, and not as a part of its caller. */
    private static final int SEARCHED = 6;

    private RowTileGenerator() {}

    static String rowTiles() {
        return """
                package org.ringwood.kernels.cpu;

                import static jdk.incubator.vector.VectorOperators.ADD;
                import static jdk.incubator.vector.VectorOperators.AND;
                import static jdk.incubator.vector.VectorOperators.ASHR;
                import static jdk.incubator.vector.VectorOperators.EQ;
                import static jdk.incubator.vector.VectorOperators.FMA;
                import static jdk.incubator.vector.VectorOperators.LSHL;
                import static jdk.incubator.vector.VectorOperators.MUL;
                import static jdk.incubator.vector.VectorOperators.OR;

                import java.lang.foreign.MemorySegment;
                import java.nio.ByteOrder;
                import jdk.incubator.vector.FloatVector;
                import jdk.incubator.vector.IntVector;
                import jdk.incubator.vector.VectorSpecies;

                /**
                 * Loops over rows of keys or values, read from where they lie. Pairs of 16-bit elements are read as integers, which leaves even
                 * elements in one vector and odd ones in the other; {@link RowProduct#place} says where that puts them.
                 */
                final class RowTiles {
                    /** Elements of a row that the widest tile reads. */
                    static final int WIDEST = %d * RowProduct.LANES;

                    private static final VectorSpecies<Float> FLOATS = RowProduct.PARTS;
                    private static final VectorSpecies<Integer> INTS = FLOATS.withLanes(int.class);
                    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
                    private static final int LANES = RowProduct.LANES;
                    private static final int LENGTH = FLOATS.length();
                    private static final int HALF = LANES / 2;
                    private static final long WIDTH = FLOATS.vectorByteSize();

                    private RowTiles() {}
                """.formatted(Math.max(F32.pairs(), BF16.pairs())) + of(F32) + of(BF16) + of(F16) + areFinite() + "}\n";
    }

    private static String of(Elements elements) {
        StringBuilder text = new StringBuilder(score(elements)).append(sums(elements));
        for (int pairs : new int[] {elements.pairs(), 1}) {
            text.append(dot(elements, pairs)).append(sum(elements, pairs));
        }
        return text.toString();
    }

    /** Calls of the tiles that cover a strip of a row, {@code %s} being the rest of a call. */
    private static String calls(Elements elements, String call) {
        StringBuilder text = new StringBuilder("            int d = 0;\n");
        for (int pairs : new int[] {elements.pairs(), 1}) {
            text.append("""
                                for (; d + %1$d * LANES <= dim; d += %1$d * LANES) {
                                    %2$sx%3$d(memory, start + (d + strip) * %4$dL, stride, count, %5$s);
                                }
                    """.formatted(
                            pairs,
                            call.substring(0, call.indexOf('(')) + elements.name(),
                            2 * pairs,
                            elements.bytes(),
                            call.substring(call.indexOf('(') + 1, call.length() - 1)));
        }
        return text.toString();
    }

    private static String first(Elements elements) {
        return elements.bytes() == 2 ? "strip / 2" : "strip";
    }

    private static String score(Elements elements) {
        return """

                    /** Adds products with a query to the partial sums of every row. */
                    static void score%1$s(
                            MemorySegment memory, long start, long stride, int count, float[] queries, int query, int dim, float[] partial) {
                        for (int strip = 0; strip < LANES; strip += 2 * LENGTH) {
                            int first = %2$s;
                %3$s        }
                    }
                """.formatted(
                elements.name(), first(elements), calls(elements, "dot(queries, query + d + first, partial, first)"));
    }

    private static String sums(Elements elements) {
        return """

                    /** The sum of the rows with their weights. */
                    static void sum%1$s(
                            MemorySegment memory, long start, long stride, int count, float[] weights, int weight, float[] into, int dim) {
                        for (int strip = 0; strip < LANES; strip += 2 * LENGTH) {
                            int first = %2$s;
                %3$s        }
                    }
                """.formatted(
                        elements.name(), first(elements), calls(elements, "sum(weights, weight, into, d + first)"));
    }

    /** An element is not finite if all bits of its exponent are set; then adding to the lowest of them sets the bit above. */
    private static String areFinite() {
        return """

                    /** Whether all elements of some rows of {@code bytes} bytes are finite numbers. */
                    static boolean areFiniteF16(MemorySegment memory, long start, long stride, int count, long bytes) {
                        IntVector exponents = IntVector.broadcast(INTS, 0x7C007C00);
                        IntVector lowest = IntVector.broadcast(INTS, 0x04000400);
                        IntVector sums = IntVector.zero(INTS);
                        for (int i = 0; i < count; i++) {
                            long at = start + i * stride;
                            long end = at + bytes;
                            for (; at <= end - %1$d * WIDTH; at += %1$d * WIDTH) {
                %2$s            }
                            for (; at < end; at += WIDTH) {
                %3$s            }
                        }
                        return sums.lanewise(AND, 0x80008000).compare(EQ, 0).allTrue();
                    }
                """.formatted(SEARCHED, Repeat.each(SEARCHED, RowTileGenerator::searched), searched(0));
    }

    private static String searched(int vector) {
        return """
                                IntVector x%1$d = IntVector.fromMemorySegment(INTS, memory, at + %1$d * WIDTH, ORDER);
                                sums = x%1$d.lanewise(AND, exponents).lanewise(ADD, lowest).lanewise(OR, sums);
                """.formatted(vector);
    }

    private static String read(Elements elements, int pair) {
        return elements.read()
                .formatted(2 * pair, 2 * pair + 1, "row + " + pair + " * LANES * " + elements.bytes() + "L")
                .indent(12);
    }

    private static String dot(Elements elements, int pairs) {
        return """

                    private static void dot%1$sx%2$d(
                            MemorySegment memory, long start, long stride, int count, float[] queries, int query, float[] partial, int first) {
                %6$s%3$s        for (int i = 0; i < count; i++) {
                            long row = start + i * stride;
                            int at = first + i * LANES;
                            FloatVector sum0 = FloatVector.fromArray(FLOATS, partial, at);
                            FloatVector sum1 = FloatVector.fromArray(FLOATS, partial, at + %4$s);
                %5$s            sum0.intoArray(partial, at);
                            sum1.intoArray(partial, at + %4$s);
                        }
                    }
                """.formatted(
                        elements.name(),
                        2 * pairs,
                        Repeat.each(pairs, pair -> """
                                        FloatVector q%1$d = FloatVector.fromArray(FLOATS, queries, query + %3$d * LANES);
                                        FloatVector q%2$d = FloatVector.fromArray(FLOATS, queries, query + %3$d * LANES + %4$s);
                                """.formatted(2 * pair, 2 * pair + 1, pair, elements.second())),
                        elements.second(),
                        Repeat.each(pairs, pair -> read(elements, pair) + """
                                            sum0 = x%1$d.lanewise(FMA, q%1$d, sum0);
                                            sum1 = x%2$d.lanewise(FMA, q%2$d, sum1);
                                """.formatted(2 * pair, 2 * pair + 1)),
                        elements.constants().indent(8));
    }

    private static String sum(Elements elements, int pairs) {
        return """

                    private static void sum%1$sx%2$d(
                            MemorySegment memory, long start, long stride, int count, float[] weights, int weight, float[] into, int at) {
                %6$s        FloatVector zero = FloatVector.zero(FLOATS);
                %3$s        for (int i = 0; i < count; i++) {
                            long row = start + i * stride;
                            FloatVector factor = FloatVector.broadcast(FLOATS, weights[weight + i]);
                %4$s        }
                %5$s    }
                """.formatted(
                        elements.name(),
                        2 * pairs,
                        Repeat.each(2 * pairs, "        FloatVector sum%1$d = zero;\n"::formatted),
                        Repeat.each(pairs, pair -> read(elements, pair) + """
                                            sum%1$d = x%1$d.lanewise(FMA, factor, sum%1$d);
                                            sum%2$d = x%2$d.lanewise(FMA, factor, sum%2$d);
                                """.formatted(2 * pair, 2 * pair + 1)),
                        Repeat.each(2 * pairs, vector -> """
                                        sum%1$d.intoArray(into, at + %2$s);
                                """.formatted(
                                vector, vector / 2 + " * LANES" + (vector % 2 == 0 ? "" : " + " + elements.second()))),
                        elements.constants().indent(8));
    }
}
