package org.ringwood.kernels.cpu;

import org.ringwood.kernels.AttentionCall;

/** Where the queries, keys, values and outputs of a group lie, and attention in that layout. */
sealed interface OperandLayout permits QueriesInLanes, QueriesInRows {
    /** Most queries that are attended together. */
    int tileQueries();

    /** Takes in the queries, multiplied by {@code scale} and then rounded, and begins with outputs of 0. */
    void begin(double scale);

    /** Takes in the keys {@code [from, to)} and their values. */
    void load(long from, long to);

    /**
     * Attends a tile's queries {@code [tile.from(), tile.lanes())} to its keys: raises {@link Scratch#max} and adds to the sums, and to the outputs
     * what {@link Scratch#dropout} keeps. Of a masked tile {@link Scratch#admitted} says which pairs are admitted.
     */
    void attend(Tile tile);

    /** Leaves the sums in {@link Scratch#sum}, and divides the outputs by them, and by the share of the weights that dropout keeps. */
    void end();

    /** Writes the outputs of a tile's queries to {@code into[at…]}, {@link Scratch#ROW} apart. */
    void outputs(int firstQuery, int count, float[] into, int at);

    /** The layouts. */
    enum Kind {
        /** Queries side by side in the lanes of vectors: a key's element meets as many of them as there are lanes. */
        LANES {
            @Override
            OperandLayout over(AttentionCall call, QueryGroup queries, Scratch scratch) {
                return new QueriesInLanes(call, queries, scratch);
            }
        },
        /** The elements of a query side by side in the lanes of vectors: for queries too few to fill them. */
        ROWS {
            @Override
            OperandLayout over(AttentionCall call, QueryGroup queries, Scratch scratch) {
                return new QueriesInRows(call, queries, scratch);
            }
        };

        /** Up to so many queries, in the mean over the keys, are too few for lanes; the same for vectors of every width, as bits are. */
        private static final int FEW = 16;

        /** The kind for keys that are admitted by so many queries. */
        static Kind forQueries(double queries) {
            return queries <= FEW ? ROWS : LANES;
        }

        abstract OperandLayout over(AttentionCall call, QueryGroup queries, Scratch scratch);
    }
}
