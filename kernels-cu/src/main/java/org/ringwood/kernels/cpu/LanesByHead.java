package org.ringwood.kernels.cpu;

import org.ringwood.kernels.AttentionCall;

/** The lanes of a tile in the order of the key heads that their queries read, so that the rows of a head are gone over by all of its lanes. */
final class LanesByHead {
    /** Key head of each query of the group. */
    private final int[] heads = new int[Scratch.GROUP];

    private final int[] lanes = new int[Scratch.LANES];
    private int firstQuery;
    private int count;

    /** Begins with a group. */
    void begin(AttentionCall call, QueryGroup group) {
        for (int i = 0; i < group.size(); i++) {
            heads[i] = AttentionCall.keyHead(
                    group.head(i), call.queries().heads(), call.keys().heads());
        }
    }

    /** Takes the lanes {@code [tile.from(), tile.lanes())} of a tile. */
    void of(Tile tile) {
        firstQuery = tile.firstQuery();
        count = 0;
        for (int lane = tile.from(); lane < tile.lanes(); lane++) {
            int place = count++;
            for (; place > 0 && head(place - 1) > heads[firstQuery + lane]; place--) {
                lanes[place] = lanes[place - 1];
            }
            lanes[place] = lane;
        }
    }

    /** Number of lanes. */
    int count() {
        return count;
    }

    /** The {@code i}-th lane. */
    int get(int i) {
        return lanes[i];
    }

    /** The key head of the {@code i}-th lane. */
    int head(int i) {
        return heads[firstQuery + lanes[i]];
    }

    /** Whether the lane before the {@code i}-th has another key head, or there is none. */
    boolean isFirstOfHead(int i) {
        return i == 0 || head(i) != head(i - 1);
    }
}
