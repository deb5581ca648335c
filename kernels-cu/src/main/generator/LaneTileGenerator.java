import java.util.function.Function;
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

                import static jdk.incubator.vector.VectorOperators.FMA;
                import static org.ringwood.kernels.cpu.Scratch.LANES;
                import static org.ringwood.kernels.cpu.Scratch.ROW;
                import static org.ringwood.kernels.cpu.Vectors.FLOATS;
                import static org.ringwood.kernels.cpu.Vectors.LENGTH;

                import jdk.incubator.vector.FloatVector;

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
                     * Scores of {@link #ROWS} keys, {@code K·Qᵀ}.
                     *
                     * @param keys the keys, {@code Scratch.ROW} apart
                     * @param key place of the first element of the first one
                     * @param dim elements of a key, {@link #CHAIN} at most
                     * @param queries rows of lanes, one an element
                     * @param query place of the first row
                     * @param into where the scores go: rows of lanes, one a key
                     * @param at place of the first row
                     * @param vectors vectors of lanes to compute
                     */
                    static void score(float[] keys, int key, int dim, float[] queries, int query, float[] into, int at, int vectors) {
                %3$s    }

                    /**
                     * Sums of {@link #ROWS} elements of the values with their weights, {@code Vᵀ·Pᵀ}.
                     *
                     * @param values the values, {@code Scratch.ROW} apart
                     * @param value place of the first element of the first one
                     * @param count number of values
                     * @param weights rows of lanes, one a value
                     * @param into where the sums go: rows of lanes, one an element
                     * @param vectors vectors of lanes to compute
                     */
                    static void accumulate(float[] values, int value, int count, float[] weights, float[] into, int vectors) {
                %4$s    }

                    /**
                     * What the queries of a tile contribute to {@link #ROWS} gradients of keys or values, {@code Pᵀᵀ·R}: the one product
                     * whose inner index are the lanes, and whose vectors are elements.
                     *
                     * @param weights rows of lanes, one a key
                     * @param weight place of the first lane of the first row
                     * @param count number of lanes
                     * @param rows the queries, or gradients of their outputs, {@code Scratch.ROW} apart
                     * @param row place of the first element of the first one
                     * @param into where the contributions go, {@code Scratch.ROW} apart
                     * @param vectors vectors of elements to compute
                     */
                    static void collect(float[] weights, int weight, int count, float[] rows, int row, float[] into, int vectors) {
                %6$s    }
                """.formatted(
                                ROWS_OF_MANY_REGISTERS,
                                ROWS_OF_FEW_REGISTERS,
                                calls("score%s(keys, key, dim, queries, query + lane, into, at + lane);"),
                                calls("accumulate%s(values, value, count, weights, lane, into, lane);"),
                                CHAIN,
                                calls("collect%s(weights, weight, count, rows, row + lane, into, lane);"))
                + shapes(shape -> product("score", shape, "keys", "ROW", "1", "queries", "LANES", "LANES"))
                + shapes(shape -> product("accumulate", shape, "values", "1", "ROW", "weights", "LANES", "LANES"))
                + shapes(shape -> product("collect", shape, "weights", "LANES", "1", "rows", "ROW", "ROW"))
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

    /**
     * A tile: accumulators {@code sumR_V}, and a loop over the inner index {@code i} whose steps multiply an element a row, broadcast, with a vector. What
     * is there already is added by others: with it, C2 would have more to do than it does in one method.
     *
     * @param elements array of the elements
     * @param row from a row's element to that of the next one
     * @param step from a row's element to its next one
     * @param vectors array of the vectors
     * @param stride from a step's vectors to the next step's
     * @param out from a row of products to the next one
     */
    private static String product(
            String name,
            Shape shape,
            String elements,
            String row,
            String step,
            String vectors,
            String stride,
            String out) {
        return """

                    private static void %s%s(
                            float[] %s, int element, int count, float[] %s, int vector, float[] into, int at) {
                        FloatVector zero = FloatVector.zero(FLOATS);
                %s        for (int i = 0; i < count; i++) {
                %s%s        }
                %s    }
                """.formatted(
                        name,
                        shape,
                        elements,
                        vectors,
                        shape.lines("        ", "FloatVector sum%d_%d = zero;"::formatted),
                        Repeat.each(
                                shape.vectors(),
                                v ->
                                        "            FloatVector v%1$d = FloatVector.fromArray(FLOATS, %2$s, vector + i * %3$s + %1$d * LENGTH);\n"
                                                .formatted(v, vectors, stride)),
                        Repeat.each(
                                shape.rows(),
                                r ->
                                        "            FloatVector x%1$d = FloatVector.broadcast(FLOATS, %2$s[element + %1$d * %3$s + i * %4$s]);\n"
                                                        .formatted(r, elements, row, step)
                                                + Repeat.each(
                                                        shape.vectors(),
                                                        v ->
                                                                "            sum%1$d_%2$d = x%1$d.lanewise(FMA, v%2$d, sum%1$d_%2$d);\n"
                                                                        .formatted(r, v))),
                        shape.lines(
                                "        ",
                                (r, v) -> "sum%1$d_%2$d.intoArray(into, at + %1$d * %3$s + %2$d * LENGTH);"
                                        .formatted(r, v, out)));
    }
}
