import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Writes the innermost loops of the CPU kernels as Java: {@code java TileGenerator.java FOLDER}. The build runs it before it compiles.
 *
 * <p>C2 keeps a vector in a register only as a local variable, not as an element of an array. So a tile of m × n accumulators is a
 * method of m · n variables, and there is one for every shape.
 */
final class TileGenerator {
    /** Rows × vectors of a tile's accumulators. */
    private record Shape(int rows, int vectors) {
        /** All the accumulators' lines, row by row. */
        String lines(String indent, Cell cell) {
            return each(rows, row -> each(vectors, vector -> indent + cell.line(row, vector) + "\n"));
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

    /** The same for 16 registers. */
    private static final int ROWS_OF_FEW_REGISTERS = 4;

    /** Vectors of a tile. With two, its strip of queries and its weights stay in the first level of cache. */
    private static final int VECTORS = 2;

    private TileGenerator() {}

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0], "org", "ringwood", "kernels", "cpu");
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("LaneTiles.java"), laneTiles());
        Files.writeString(folder.resolve("LaneWeights.java"), laneWeights());
        Files.writeString(folder.resolve("RowTiles.java"), RowTileGenerator.rowTiles());
    }

    private static String laneTiles() {
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
                 * of a vector and the shape of a tile.
                 */
                final class LaneTiles {
                    /** Keys, or elements of values, of a tile. */
                    static final int ROWS = Vectors.MANY_REGISTERS ? %1$d : %2$d;

                    private LaneTiles() {}

                    /**
                     * Scores of {@link #ROWS} keys, {@code K·Qᵀ}, and their maxima.
                     *
                     * @param keys the keys, {@code Scratch.ROW} apart
                     * @param key place of the first one
                     * @param dim elements of a key
                     * @param queries rows of lanes, one an element
                     * @param query place of the first row
                     * @param scores where the scores go: rows of lanes, one a key
                     * @param score place of the first row
                     * @param max maxima of the lanes, raised to the scores, unless one of them is not a number
                     * @param vectors vectors of lanes to compute
                     */
                    static void score(
                            float[] keys, int key, int dim, float[] queries, int query, float[] scores, int score, float[] max, int vectors) {
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
                """.formatted(
                        ROWS_OF_MANY_REGISTERS,
                        ROWS_OF_FEW_REGISTERS,
                        calls("score%s(keys, key, dim, queries, query + lane, scores, score + lane, max, lane);"),
                        calls(
                                "accumulate%s(values, value, count, weights, lane, outputs, output + lane, decay, lane);"))
                + eachLaneShape(TileGenerator::score)
                + eachLaneShape(TileGenerator::accumulate)
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

    private interface Tile {
        String of(Shape shape);
    }

    private static String eachLaneShape(Tile tile) {
        return tile.of(new Shape(ROWS_OF_MANY_REGISTERS, VECTORS))
                + tile.of(new Shape(ROWS_OF_MANY_REGISTERS, 1))
                + tile.of(new Shape(ROWS_OF_FEW_REGISTERS, VECTORS))
                + tile.of(new Shape(ROWS_OF_FEW_REGISTERS, 1));
    }

    private static String score(Shape shape) {
        String maxima = each(shape.vectors(), vector -> reduced(shape.rows(), vector) + """
                                FloatVector max%1$d = FloatVector.fromArray(FLOATS, max, lane + %1$d * LENGTH);
                                max%1$d.blend(sum0_%1$d, sum0_%1$d.compare(VectorOperators.GT, max%1$d))
                                        .intoArray(max, lane + %1$d * LENGTH);
                        """.formatted(vector));
        return """

                    private static void score%s(
                            float[] keys, int key, int dim, float[] queries, int query, float[] scores, int score, float[] max, int lane) {
                %s%s%s    }
                """.formatted(
                        shape,
                        sums(shape, "dim", "queries", "query", "keys", row -> "key + " + row + " * ROW + i"),
                        shape.lines(
                                "        ",
                                (row, vector) -> "sum%1$d_%2$d.intoArray(scores, score + %1$d * LANES + %2$d * LENGTH);"
                                        .formatted(row, vector)),
                        maxima);
    }

    /** Leaves the maxima over the rows in row 0, in as many steps as the rows can be halved. */
    private static String reduced(int rows, int vector) {
        StringBuilder text = new StringBuilder();
        for (int half = rows / 2; half > 0; half /= 2) {
            int distance = half;
            // Not max(), which is slow, as it minds the sign of zeros.
            text.append(each(
                    half,
                    row ->
                            "        sum%1$d_%3$d = sum%1$d_%3$d.blend(sum%2$d_%3$d, sum%2$d_%3$d.compare(VectorOperators.GT, sum%1$d_%3$d));\n"
                                    .formatted(row, row + distance, vector)));
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
                        sums(shape, "count", "weights", "weight", "values", row -> "value + " + row + " + i * ROW"),
                        each(
                                shape.vectors(),
                                vector ->
                                        "        FloatVector decay%1$d = FloatVector.fromArray(FLOATS, decay, lane + %1$d * LENGTH);\n"
                                                .formatted(vector)),
                        shape.lines("        ", (row, vector) -> """
                                FloatVector.fromArray(FLOATS, outputs, output + %1$d * LANES + %2$d * LENGTH)
                                        .fma(decay%2$d, sum%1$d_%2$d)
                                        .intoArray(outputs, output + %1$d * LANES + %2$d * LENGTH);""".formatted(row, vector)));
    }

    /** The accumulators {@code sumR_V} and the loop over the inner index {@code i}, whose steps multiply a broadcast element a row with a vector. */
    private static String sums(
            Shape shape, String inner, String vectors, String start, String elements, IntFunction<String> element) {
        return shape.lines(
                        "        ",
                        (row, vector) -> "FloatVector sum%d_%d = FloatVector.zero(FLOATS);".formatted(row, vector))
                + "        for (int i = 0; i < %s; i++) {\n".formatted(inner)
                + each(
                        shape.vectors(),
                        vector ->
                                "            FloatVector v%1$d = FloatVector.fromArray(FLOATS, %2$s, %3$s + i * LANES + %1$d * LENGTH);\n"
                                        .formatted(vector, vectors, start))
                + each(
                        shape.rows(),
                        row -> "            FloatVector x%d = FloatVector.broadcast(FLOATS, %s[%s]);\n"
                                        .formatted(row, elements, element.apply(row))
                                + each(
                                        shape.vectors(),
                                        vector -> "            sum%1$d_%2$d = x%1$d.fma(v%2$d, sum%1$d_%2$d);\n"
                                                .formatted(row, vector)))
                + "        }\n";
    }

    /** Rows of scores that are weighed together: two chains of operations, each of which waits for itself. */
    private static final int ROWS_OF_SCORES = 4;

    private static String laneWeights() {
        return """
                package org.ringwood.kernels.cpu;

                import static org.ringwood.kernels.cpu.Exponential.C1;
                import static org.ringwood.kernels.cpu.Exponential.C2;
                import static org.ringwood.kernels.cpu.Exponential.C3;
                import static org.ringwood.kernels.cpu.Exponential.C4;
                import static org.ringwood.kernels.cpu.Exponential.C5;
                import static org.ringwood.kernels.cpu.Exponential.C6;
                import static org.ringwood.kernels.cpu.Exponential.LOG2_E;
                import static org.ringwood.kernels.cpu.Exponential.MANTISSA_BITS;
                import static org.ringwood.kernels.cpu.Exponential.ROUNDER;
                import static org.ringwood.kernels.cpu.Exponential.SMALLEST;
                import static org.ringwood.kernels.cpu.Scratch.LANES;
                import static org.ringwood.kernels.cpu.Vectors.FLOATS;

                import jdk.incubator.vector.FloatVector;
                import jdk.incubator.vector.VectorOperators;

                /** What the softmax does with vectors of scores: the powers of two of {@link Exponential}, lane by lane. */
                final class LaneWeights {
                    private LaneWeights() {}

                    /**
                     * Replaces scores by their weights {@code 2^(score − max)}, which is at most 1; −∞ and all below the smallest normal result
                     * give 0, and what is not a number stays so.
                     *
                     * @param scores a vector of them at {@code at}, the next {@code Scratch.LANES} behind it
                     * @param count number of vectors
                     * @param max the maxima, a vector of them at {@code maxAt}; −∞ where there was no key
                     * @param total where the sum of the weights goes, at {@code totalAt}
                     */
                    static void weigh(float[] scores, int at, int count, float[] max, int maxAt, float[] total, int totalAt) {
                        FloatVector largest = FloatVector.fromArray(FLOATS, max, maxAt);
                        // Subtracted from −∞, 0 leaves −∞, where −∞ would leave no number.
                        largest = largest.blend(0, largest.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY));
                        FloatVector rounder = FloatVector.broadcast(FLOATS, ROUNDER);
                %1$s        int i = 0;
                        for (; i + %2$d <= count; i += %2$d) {
                %3$s        }
                        for (; i < count; i++) {
                %4$s        }
                        %5$s.intoArray(total, totalAt);
                    }

                    /** Replaces the maxima in {@code before} by {@code 2^(before − max)}: what sums and outputs so far are multiplied by. */
                    static void decay(float[] before, int at, float[] max, int maxAt) {
                        FloatVector largest = FloatVector.fromArray(FLOATS, max, maxAt);
                        largest = largest.blend(0, largest.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY));
                        FloatVector rounder = FloatVector.broadcast(FLOATS, ROUNDER);
                        FloatVector x0 = FloatVector.fromArray(FLOATS, before, at).sub(largest);
                %6$s        FloatVector decay = %7$s;
                        decay.intoArray(before, at);
                    }

                    /**
                     * Bounds scores to {@code cap · tanh(score / cap)}, and turns them from natural to binary logarithms. {@code tanh} is
                     * computed through {@code exp(−2|x|) − 1} without cancellation.
                     *
                     * @param scores a vector of them at {@code at}, the next {@code Scratch.LANES} behind it
                     * @param count number of vectors
                     */
                    static void cap(float[] scores, int at, int count, float cap) {
                        FloatVector rounder = FloatVector.broadcast(FLOATS, ROUNDER);
                        for (int i = 0; i < count; i++) {
                            FloatVector score = FloatVector.fromArray(FLOATS, scores, at + i * LANES).div(cap);
                            FloatVector x0 = score.abs().mul(-2 * LOG2_E);
                            x0 = x0.blend(SMALLEST, x0.compare(VectorOperators.LT, SMALLEST));
                %8$s            FloatVector minusOne = p0.mul(f0).fma(power0, power0.sub(1));
                            FloatVector tanh = minusOne.neg().div(minusOne.add(2));
                            tanh.blend(tanh.neg(), score.compare(VectorOperators.LT, 0)).mul(cap * LOG2_E).intoArray(scores, at + i * LANES);
                        }
                    }
                }
                """.formatted(
                each(ROWS_OF_SCORES, row -> "        FloatVector total%d = FloatVector.zero(FLOATS);\n".formatted(row)),
                ROWS_OF_SCORES,
                each(ROWS_OF_SCORES, TileGenerator::weighed),
                weighed(0),
                IntStream.range(1, ROWS_OF_SCORES)
                        .mapToObj(".add(total%d)"::formatted)
                        .collect(Collectors.joining("", "total0", "")),
                power(0, "        "),
                weight(0),
                power(0, "            "));
    }

    /** Weighs the vector of scores of row {@code i + row}. */
    private static String weighed(int row) {
        return """
                            FloatVector x%1$d = FloatVector.fromArray(FLOATS, scores, at + (i + %1$d) * LANES).sub(largest);
                %2$s            FloatVector weight%1$d = %3$s;
                            weight%1$d.intoArray(scores, at + (i + %1$d) * LANES);
                            total%1$d = total%1$d.add(weight%1$d);
                """.formatted(row, power(row, "            "), weight(row));
    }

    /** The parts of {@code 2^x}: it is {@code power · (1 + p · f)}. */
    private static String power(int of, String indent) {
        return """
                FloatVector rounded%1$d = x%1$d.add(rounder);
                FloatVector f%1$d = x%1$d.sub(rounded%1$d.sub(rounder));
                FloatVector p%1$d = f%1$d.fma(FloatVector.broadcast(FLOATS, C6), FloatVector.broadcast(FLOATS, C5));
                p%1$d = p%1$d.fma(f%1$d, FloatVector.broadcast(FLOATS, C4));
                p%1$d = p%1$d.fma(f%1$d, FloatVector.broadcast(FLOATS, C3));
                p%1$d = p%1$d.fma(f%1$d, FloatVector.broadcast(FLOATS, C2));
                p%1$d = p%1$d.fma(f%1$d, FloatVector.broadcast(FLOATS, C1));
                FloatVector power%1$d = rounded%1$d.reinterpretAsInts()
                        .lanewise(VectorOperators.LSHL, MANTISSA_BITS)
                        .reinterpretAsFloats();
                """.formatted(of).indent(indent.length());
    }

    /** The power, or 0 if it is below the smallest normal number. A product and not an addition of exponents, so that a NaN stays one. */
    private static String weight(int of) {
        return "p%1$d.mul(f%1$d).fma(power%1$d, power%1$d).blend(0, x%1$d.compare(VectorOperators.LT, SMALLEST))"
                .formatted(of);
    }

    private static String each(int count, IntFunction<String> text) {
        return IntStream.range(0, count).mapToObj(text).collect(Collectors.joining());
    }
}
