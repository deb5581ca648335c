import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Writes the tiles of many queries: the matrix products of both halves of attention with queries in the lanes of vectors. */
final class LaneTileGenerator {
    /** Rows × vectors of a tile's accumulators. */
    private record Shape(int rows, int vectors) {
        /** All the accumulators' lines, row by row. */
        String lines(String indent, Cell cell) {
            return Repeat.each(rows, row -> Repeat.each(vectors, vector -> indent + cell.line(row, vector) + "\n"));
        }

        @Override
        public String toString() {
            return rows + "x" + vectors;
        }
    }

    /** What is written for an accumulator. */
    private interface Cell {
        String line(int row, int vector);
    }

    /**
     * Shapes for 32 vector registers: with the operands of a step, 16 accumulators leave some free, and hide the latency
     * of their multiply-adds.
     */
    private static final int ROWS_OF_MANY_REGISTERS = 8;

    /** The same for 16 registers: with 5 rows C2 keeps some of the accumulators in memory, at half the speed. */
    private static final int ROWS_OF_FEW_REGISTERS = 4;

    /** Vectors of a tile. With two, its strip of queries and its weights stay in the first level of cache. */
    private static final int VECTORS = 2;

    /** So short that a score's error is no larger than that of kernels which add in blocks; each further chain costs a load and a store. */
    private static final int CHAIN = 128;

    private LaneTileGenerator() {}

    static String laneTiles() {
        return """
                package org.ringwood.kernels.cpu;

                import static org.ringwood.kernels.cpu.Scratch.LANES;
                import static org.ringwood.kernels.cpu.Scratch.ROW;
                import static org.ringwood.kernels.cpu.Vectors.FLOATS;
                import static org.ringwood.kernels.cpu.Vectors.LENGTH;

                import jdk.incubator.vector.FloatVector;
                import jdk.incubator.vector.VectorOperators;

                /**
                 * The matrix products of both halves of attention, with queries in the lanes of vectors. Elements of keys and values
                 * are broadcast, so they need neither alignment nor transposition.
                 *
                 * <p>Each element of a product is one chain of fused multiply-adds in the order of the inner index, whatever the width
                 * of a vector and the shape of a tile; a score with more than {@link #CHAIN} elements is the sum of several.
                 */
                final class LaneTiles {
                    /** Keys, or elements of values, of a tile. */
                    static final int ROWS = Vectors.MANY_REGISTERS ? %1$d : %2$d;

                    /** Most elements of a score's chain: rounding errors grow with its length. */
                    static final int CHAIN = %5$d;

                    private LaneTiles() {}

                    /**
                     * Scores of {@link #ROWS} keys, {@code K·Qᵀ}, and their maxima.
                     *
                     * @param keys the keys, {@code Scratch.ROW} apart
                     * @param key place of the first element of the first one
                     * @param dim elements of a key, {@link #CHAIN} at most
                     * @param queries rows of lanes, one an element
                     * @param query place of the first row
                     * @param scores where the scores go: rows of lanes, one a key
                     * @param score place of the first row
                     * @param max maxima of the lanes, raised to the scores. One that is not a number may hide larger ones of its lane: the lane's
                     *     sum is then not a number either, whatever its maximum
                     * @param further whether these are further elements, to be added to the scores
                     * @param vectors vectors of lanes to compute
                     */
                    static void score(
                            float[] keys, int key, int dim, float[] queries, int query, float[] scores, int score, float[] max, boolean further, int vectors) {
                %3$s    }

                    /**
                     * Adds {@link #ROWS} elements of the values to the outputs, {@code output · decay + Vᵀ·Pᵀ}.
                     *
                     * @param values the values, {@code Scratch.ROW} apart
                     * @param value place of the first element of the first one
                     * @param count number of values
                     * @param weights rows of lanes, one a value
                     * @param outputs rows of lanes, one an element
                     * @param output place of the first row
                     * @param decay what the outputs of a lane are multiplied by
                     * @param vectors vectors of lanes to compute
                     */
                    static void accumulate(
                            float[] values, int value, int count, float[] weights, float[] outputs, int output, float[] decay, int vectors) {
                %4$s    }

                    /**
                     * Adds what the queries of a tile contribute to {@link #ROWS} gradients of keys or values, {@code sums + Pᵀᵀ·R}: the one product
                     * whose inner index are the lanes, and whose vectors are elements.
                     *
                     * @param weights rows of lanes, one a key
                     * @param weight place of the first lane of the first row
                     * @param count number of lanes
                     * @param rows the queries, or gradients of their outputs, {@code Scratch.ROW} apart
                     * @param row place of the first element of the first one
                     * @param sums the gradients, {@code Scratch.ROW} apart
                     * @param sum place of the first element of the first one
                     * @param vectors vectors of elements to compute
                     */
                    static void collect(
                            float[] weights, int weight, int count, float[] rows, int row, float[] sums, int sum, int vectors) {
                %6$s    }
                """.formatted(
                                ROWS_OF_MANY_REGISTERS,
                                ROWS_OF_FEW_REGISTERS,
                                calls(
                                        "score%s(keys, key, dim, queries, query + lane, scores, score + lane, max, further, lane);"),
                                calls(
                                        "accumulate%s(values, value, count, weights, lane, outputs, output + lane, decay, lane);"),
                                CHAIN,
                                calls("collect%s(weights, weight, count, rows, row + lane, sums, sum + lane);"))
                + shapes(LaneTileGenerator::score)
                + shapes(LaneTileGenerator::accumulate)
                + shapes(LaneTileGenerator::collect)
                + "}\n";
    }

    /** Calls of the tiles that cover some vectors: whole ones first, then a vector each. */
    private static String calls(String call) {
        return """
                        int lane = 0;
                        for (; lane + %1$d * LENGTH <= vectors * LENGTH; lane += %1$d * LENGTH) {
                            if (ROWS == %2$d) {
                                %4$s
                            } else {
                                %5$s
                            }
                        }
                        for (; lane < vectors * LENGTH; lane += LENGTH) {
                            if (ROWS == %2$d) {
                                %6$s
                            } else {
                                %7$s
                            }
                        }
                """.formatted(
                        VECTORS,
                        ROWS_OF_MANY_REGISTERS,
                        ROWS_OF_FEW_REGISTERS,
                        call.formatted(new Shape(ROWS_OF_MANY_REGISTERS, VECTORS)),
                        call.formatted(new Shape(ROWS_OF_FEW_REGISTERS, VECTORS)),
                        call.formatted(new Shape(ROWS_OF_MANY_REGISTERS, 1)),
                        call.formatted(new Shape(ROWS_OF_FEW_REGISTERS, 1)));
    }

    /** The text of every shape. */
    private static String shapes(Function<Shape, String> tile) {
        return Stream.of(ROWS_OF_MANY_REGISTERS, ROWS_OF_FEW_REGISTERS)
                .flatMap(rows -> Stream.of(new Shape(rows, VECTORS), new Shape(rows, 1)))
                .map(tile)
                .collect(Collectors.joining());
    }

    private static String score(Shape shape) {
        String maxima = Repeat.each(shape.vectors(), vector -> reduced(shape.rows(), vector) + """
                                FloatVector max%1$d = FloatVector.fromArray(FLOATS, max, lane + %1$d * LENGTH);
                                max%1$d.blend(sum0_%1$d, sum0_%1$d.compare(VectorOperators.GT, max%1$d))
                                        .intoArray(max, lane + %1$d * LENGTH);
                        """.formatted(vector));
        return """

                    private static void score%s(
                            float[] keys, int key, int dim, float[] queries, int query, float[] scores, int score, float[] max, boolean further, int lane) {
                %s        if (further) {
                %s        }
                %s%s    }
                """.formatted(
                        shape,
                        sums(shape, "dim", "queries", "query", "LANES", "keys", row -> "key + " + row + " * ROW + i"),
                        shape.lines(
                                "            ",
                                (row, vector) ->
                                        "sum%1$d_%2$d = sum%1$d_%2$d.add(FloatVector.fromArray(FLOATS, scores, score + %1$d * LANES + %2$d * LENGTH));"
                                                .formatted(row, vector)),
                        shape.lines(
                                "        ",
                                (row, vector) -> "sum%1$d_%2$d.intoArray(scores, score + %1$d * LANES + %2$d * LENGTH);"
                                        .formatted(row, vector)),
                        maxima);
    }

    /** Leaves the maxima over the rows in row 0, halving their number with every step. */
    private static String reduced(int rows, int vector) {
        StringBuilder text = new StringBuilder();
        for (int left = rows; left > 1; left = Math.ceilDiv(left, 2)) {
            int half = Math.ceilDiv(left, 2);
            // Not max(), which is slow, as it minds the sign of zeros.
            text.append(Repeat.each(
                    left / 2,
                    row ->
                            "        sum%1$d_%3$d = sum%1$d_%3$d.blend(sum%2$d_%3$d, sum%2$d_%3$d.compare(VectorOperators.GT, sum%1$d_%3$d));\n"
                                    .formatted(row, row + half, vector)));
        }
        return text.toString();
    }

    private static String accumulate(Shape shape) {
        return """

                    private static void accumulate%s(
                            float[] values, int value, int count, float[] weights, int weight, float[] outputs, int output, float[] decay, int lane) {
                %s%s%s    }
                """.formatted(
                shape,
                sums(shape, "count", "weights", "weight", "LANES", "values", row -> "value + " + row + " + i * ROW"),
                Repeat.each(
                        shape.vectors(),
                        vector ->
                                "        FloatVector decay%1$d = FloatVector.fromArray(FLOATS, decay, lane + %1$d * LENGTH);\n"
                                        .formatted(vector)),
                shape.lines("        ", (row, vector) -> """
                                FloatVector.fromArray(FLOATS, outputs, output + %1$d * LANES + %2$d * LENGTH)
                                        .fma(decay%2$d, sum%1$d_%2$d)
                                        .intoArray(outputs, output + %1$d * LANES + %2$d * LENGTH);""".formatted(row, vector)));
    }

    private static String collect(Shape shape) {
        return """

                    private static void collect%s(
                            float[] weights, int weight, int count, float[] rows, int row, float[] sums, int sum) {
                %s%s    }
                """.formatted(
                shape,
                sums(shape, "count", "rows", "row", "ROW", "weights", row -> "weight + " + row + " * LANES + i"),
                shape.lines("        ", (row, vector) -> """
                                FloatVector.fromArray(FLOATS, sums, sum + %1$d * ROW + %2$d * LENGTH)
                                        .add(sum%1$d_%2$d)
                                        .intoArray(sums, sum + %1$d * ROW + %2$d * LENGTH);""".formatted(row, vector)));
    }

    /** The accumulators {@code sumR_V} and the loop over the inner index {@code i}, whose steps multiply a broadcast element a row with a vector. */
    private static String sums(
            Shape shape,
            String inner,
            String vectors,
            String start,
            String stride,
            String elements,
            IntFunction<String> element) {
        return shape.lines(
                        "        ",
                        (row, vector) -> "FloatVector sum%d_%d = FloatVector.zero(FLOATS);".formatted(row, vector))
                + "        for (int i = 0; i < %s; i++) {\n".formatted(inner)
                + Repeat.each(
                        shape.vectors(),
                        vector ->
                                "            FloatVector v%1$d = FloatVector.fromArray(FLOATS, %2$s, %3$s + i * %4$s + %1$d * LENGTH);\n"
                                        .formatted(vector, vectors, start, stride))
                + Repeat.each(
                        shape.rows(),
                        row -> "            FloatVector x%d = FloatVector.broadcast(FLOATS, %s[%s]);\n"
                                        .formatted(row, elements, element.apply(row))
                                + Repeat.each(
                                        shape.vectors(),
                                        vector -> "            sum%1$d_%2$d = x%1$d.fma(v%2$d, sum%1$d_%2$d);\n"
                                                .formatted(row, vector)))
                + "        }\n";
    }
}
