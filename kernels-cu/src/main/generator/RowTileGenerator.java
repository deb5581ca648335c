/** Writes the tiles of few queries: loops over the rows of keys or values, for every type of elements that they are read in. */
final class RowTileGenerator {
    /**
     * How vectors of elements are read from memory: two vectors for every sixteen elements that a pass goes over.
     *
     * @param name in the tiles' names
     * @param bytes of an element
     * @param second elements from the place of a pair's first vector, in queries, partial sums and outputs, to that of its second one
     * @param read statements that declare the vectors {@code x0} and {@code x1} of the pair at {@code %s}
     */
    private record Elements(String name, int bytes, String second, String read) {}

    private static final Elements F32 = new Elements("F32", 4, "LENGTH", """
            FloatVector x%1$d = FloatVector.fromMemorySegment(FLOATS, memory, %3$s, ORDER);
            FloatVector x%2$d = FloatVector.fromMemorySegment(FLOATS, memory, %3$s + WIDTH, ORDER);
            """);

    /** Elements are read in pairs, as integers: the even ones are their lower halves, the odd ones their upper halves. */
    private static final Elements BF16 = new Elements("Bf16", 2, "HALF", """
            IntVector pair%1$d = IntVector.fromMemorySegment(INTS, memory, %3$s, ORDER);
            FloatVector x%1$d = pair%1$d.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector x%2$d = pair%1$d.and(0xFFFF0000).reinterpretAsFloats();
            """);

    /**
     * Pairs as of BF16. Sign, exponent and mantissa are moved to their places in an f32, which is then too small by the difference of the biases
     * of the exponents; to multiply by that is exact, also where the element is subnormal. Only for finite elements: to tell the others apart is more
     * than C2 compiles in a tile.
     */
    private static final Elements F16 = new Elements("F16", 2, "HALF", """
            IntVector pair%1$d = IntVector.fromMemorySegment(INTS, memory, %3$s, ORDER);
            FloatVector x%1$d = pair%1$d.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(0x8FFFE000).reinterpretAsFloats().mul(0x1p112f);
            FloatVector x%2$d = pair%1$d.lanewise(VectorOperators.ASHR, 3).and(0x8FFFE000).reinterpretAsFloats().mul(0x1p112f);
            """);

    /** Vectors of a step of the search for elements that are not finite: so many that C2 compiles it on its own, and not as a part of its caller. */
    private static final int SEARCHED = 8;

    /** Pairs of vectors of the tiles, in the order in which a row is cut into them; the first one is for 32 registers. */
    private static final int[] PAIRS = {8, 4, 1};

    private RowTileGenerator() {}

    static String rowTiles() {
        return """
                package org.ringwood.kernels.cpu;

                import static org.ringwood.kernels.cpu.Vectors.MANY_REGISTERS;

                import java.lang.foreign.MemorySegment;
                import java.nio.ByteOrder;
                import jdk.incubator.vector.FloatVector;
                import jdk.incubator.vector.IntVector;
                import jdk.incubator.vector.VectorOperators;
                import jdk.incubator.vector.VectorSpecies;

                /**
                 * Loops over rows of keys or values, read from where they lie. Pairs of 16-bit elements are read as integers, which leaves even
                 * elements in one vector and odd ones in the other; {@link RowProduct#place} says where that puts them.
                 */
                final class RowTiles {
                    /** Elements of a row that the widest tile reads. */
                    static final int WIDEST = (MANY_REGISTERS ? %d : %d) * RowProduct.LANES;

                    private static final VectorSpecies<Float> FLOATS = RowProduct.PARTS;
                    private static final VectorSpecies<Integer> INTS = FLOATS.withLanes(int.class);
                    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
                    private static final int LANES = RowProduct.LANES;
                    private static final int LENGTH = FLOATS.length();
                    private static final int HALF = LANES / 2;
                    private static final long WIDTH = FLOATS.vectorByteSize();

                    private RowTiles() {}
                """.formatted(PAIRS[0], PAIRS[1]) + of(F32) + of(BF16) + of(F16) + areFinite() + "}\n";
    }

    private static String of(Elements elements) {
        StringBuilder text = new StringBuilder(score(elements)).append(accumulate(elements));
        for (int pairs : PAIRS) {
            text.append(dot(elements, pairs)).append(sum(elements, pairs));
        }
        return text.toString();
    }

    /** Calls of the tiles that cover a strip of a row, {@code %s} being the rest of a call. */
    private static String calls(Elements elements, String call) {
        StringBuilder text = new StringBuilder("            int d = 0;\n");
        for (int pairs : PAIRS) {
            text.append("""
                                for (; %1$sd + %2$d * LANES <= dim; d += %2$d * LANES) {
                                    %3$sx%4$d(memory, start + (d + strip) * %5$dL, stride, count, %6$s);
                                }
                    """.formatted(
                            pairs == PAIRS[0] ? "MANY_REGISTERS && " : "",
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

    private static String accumulate(Elements elements) {
        return """

                    /** Adds the sum of the rows with their weights to an output. */
                    static void accumulate%1$s(
                            MemorySegment memory, long start, long stride, int count, float[] weights, int weight, float[] outputs, int output, int dim) {
                        for (int strip = 0; strip < LANES; strip += 2 * LENGTH) {
                            int first = %2$s;
                %3$s        }
                    }
                """.formatted(
                elements.name(), first(elements), calls(elements, "sum(weights, weight, outputs, output + d + first)"));
    }

    /** An element is not finite if all bits of its exponent are set; then adding to the lowest of them sets the bit above. */
    private static String areFinite() {
        return """

                    /** Whether all elements of some rows of {@code bytes} bytes are finite numbers. */
                    static boolean areFiniteF16(MemorySegment memory, long start, long stride, int count, long bytes) {
                        IntVector sums = IntVector.zero(INTS);
                        for (int i = 0; i < count; i++) {
                            long at = start + i * stride;
                            long end = at + bytes;
                            for (; at <= end - %1$d * WIDTH; at += %1$d * WIDTH) {
                %2$s            }
                            for (; at < end; at += WIDTH) {
                %3$s            }
                        }
                        return sums.and(0x80008000).compare(VectorOperators.EQ, 0).allTrue();
                    }
                """.formatted(SEARCHED, Repeat.each(SEARCHED, RowTileGenerator::searched), searched(0));
    }

    private static String searched(int vector) {
        return """
                                sums = sums.or(IntVector.fromMemorySegment(INTS, memory, at + %d * WIDTH, ORDER).and(0x7C007C00).add(0x04000400));
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
                %3$s        for (int i = 0; i < count; i++) {
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
                                            sum0 = x%1$d.fma(q%1$d, sum0);
                                            sum1 = x%2$d.fma(q%2$d, sum1);
                                """.formatted(2 * pair, 2 * pair + 1)));
    }

    private static String sum(Elements elements, int pairs) {
        return """

                    private static void sum%1$sx%2$d(
                            MemorySegment memory, long start, long stride, int count, float[] weights, int weight, float[] outputs, int output) {
                %3$s        for (int i = 0; i < count; i++) {
                            long row = start + i * stride;
                            FloatVector factor = FloatVector.broadcast(FLOATS, weights[weight + i]);
                %4$s        }
                %5$s    }
                """.formatted(
                        elements.name(),
                        2 * pairs,
                        Repeat.each(2 * pairs, "        FloatVector sum%1$d = FloatVector.zero(FLOATS);\n"::formatted),
                        Repeat.each(pairs, pair -> read(elements, pair) + """
                                            sum%1$d = x%1$d.fma(factor, sum%1$d);
                                            sum%2$d = x%2$d.fma(factor, sum%2$d);
                                """.formatted(2 * pair, 2 * pair + 1)),
                        Repeat.each(2 * pairs, vector -> """
                                        FloatVector.fromArray(FLOATS, outputs, output + %2$s)
                                                .add(sum%1$d)
                                                .intoArray(outputs, output + %2$s);
                                """.formatted(
                                vector, vector / 2 + " * LANES" + (vector % 2 == 0 ? "" : " + " + elements.second()))));
    }
}
