package org.ringwood.kernels.cpu;

/**
 * A tile at work: some queries of a group and some keys of a block.
 *
 * @param firstQuery the group's query in lane 0
 * @param from first lane whose query admits a key
 * @param lanes one past the last such lane
 * @param skipped keys of the block before those of the tile
 * @param keys keys of the tile
 * @param masked whether some of its pairs are not admitted
 * @param softcap bound of the scores, 0 for none
 */
record Tile(int firstQuery, int from, int lanes, int skipped, int keys, boolean masked, float softcap) {
    /** Vectors that hold the lanes. */
    int vectors() {
        return Math.ceilDiv(lanes, Vectors.LENGTH);
    }

    /** Place of lane {@code lane} among the group's queries. */
    int query(int lane) {
        return firstQuery + lane;
    }
}
