package org.ringwood.kernels.cpu;

/**
 * A tile at work: up to {@link Scratch#LANES} queries of a group and some keys of a block.
 *
 * @param index number of the tile in its group
 * @param lanes queries
 * @param skipped keys of the block before those of the tile
 * @param keys keys of the tile
 * @param dimV elements of a value
 * @param outStart place of the tile's output in {@link Scratch#out}
 * @param softcap bound of the scores, 0 for none
 */
record Tile(int index, int lanes, int skipped, int keys, int dimV, int outStart, float softcap) {
    /** Vectors that hold the lanes. */
    int vectors() {
        return Math.ceilDiv(lanes, Vectors.LENGTH);
    }

    /** Place of lane {@code lane} among the group's queries. */
    int query(int lane) {
        return index * Scratch.LANES + lane;
    }
}
