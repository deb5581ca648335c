package org.ringwood.kernels.cpu;

import static jdk.incubator.vector.VectorOperators.AND;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.MUL;
import static jdk.incubator.vector.VectorOperators.OR;
import static jdk.incubator.vector.VectorOperators.XOR;
import static org.ringwood.kernels.Philox.MULTIPLIER_0;
import static org.ringwood.kernels.Philox.MULTIPLIER_1;
import static org.ringwood.kernels.Philox.ROUNDS;
import static org.ringwood.kernels.Philox.WEYL_0;
import static org.ringwood.kernels.Philox.WEYL_1;

import java.util.Arrays;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;
import org.ringwood.kernels.Dropout;
import org.ringwood.kernels.Positions;

/**
 * Which weights of a tile {@link Dropout} keeps. A vector has a counter of its own in every lane, for the query there and eight keys, its words
 * in the lower halves of {@code long}s, as the processor multiplies them.
 */
final class TileDropout {
    private static final VectorSpecies<Long> WORDS = Vectors.FLOATS.withLanes(long.class);
    private static final int LENGTH = WORDS.length();
    private static final int BITS = Integer.SIZE;
    private static final long WORD = 0xFFFFFFFFL;
    private static final long HALF = 0xFFFFL;

    /** For every key of the tile the lanes whose weights are kept, a bit each. */
    final long[] kept = new long[Scratch.BLOCK];

    /** The same for the keys of a counter. */
    private final long[] keptOfBlock = new long[Dropout.KEYS];

    /** Positions of the keys of the block. */
    private final long[] keys = new long[Scratch.BLOCK];

    /** Words of the counters of the group's queries: the lower half of the position, the upper one in its place, and the head. */
    private final long[] queries = new long[Scratch.GROUP];

    /** What the generator gives for a vector of queries: word by word, a vector each. */
    private final long[] words = new long[Dropout.KEYS / 2 * LENGTH];

    private final long[] highs = new long[Scratch.GROUP];
    private final long[] heads = new long[Scratch.GROUP];
    private Dropout dropout = Dropout.NONE;
    private boolean active;
    private long threshold;

    /** Begins with a group. */
    void begin(Dropout newDropout, QueryGroup group, Positions positions) {
        dropout = newDropout;
        active = !dropout.isNone();
        threshold = dropout.threshold();
        for (int i = 0; active && i < group.size(); i++) {
            long position = positions.position(group.row(i));
            queries[i] = position & WORD;
            highs[i] = Integer.toUnsignedLong(Dropout.highWord(position, 0));
            heads[i] = Integer.toUnsignedLong(dropout.firstHead() + group.head(i));
        }
    }

    /** Whether there is any. */
    boolean isActive() {
        return active;
    }

    /** Takes in the keys {@code [from, to)}. */
    void load(Positions positions, long from, long to) {
        for (long row = from; active && row < to; row++) {
            keys[(int) (row - from)] = positions.position(row);
        }
    }

    /** Decides for a tile. */
    void decide(Tile tile) {
        long block = -1;
        for (int k = 0; active && k < tile.keys(); k++) {
            long key = keys[tile.skipped() + k];
            if (key / Dropout.KEYS != block) {
                block = key / Dropout.KEYS;
                decide(tile, block);
            }
            kept[k] = keptOfBlock[(int) (key % Dropout.KEYS)];
        }
    }

    private void decide(Tile tile, long block) {
        long high = Integer.toUnsignedLong(Dropout.highWord(0, block));
        Arrays.fill(keptOfBlock, 0);
        for (int lane = 0; lane < tile.lanes(); lane += LENGTH) {
            decide(tile.query(lane), lane, block & WORD, high);
        }
    }

    /** Decides for a vector of queries and the keys of a block. */
    private void decide(int query, int lane, long block, long high) {
        LongVector word0 = LongVector.broadcast(WORDS, block);
        LongVector word1 = LongVector.fromArray(WORDS, queries, query);
        LongVector word2 = LongVector.fromArray(WORDS, highs, query).lanewise(OR, high);
        LongVector word3 = LongVector.fromArray(WORDS, heads, query);
        int key0 = (int) dropout.seed();
        int key1 = (int) (dropout.seed() >>> BITS);
        LongVector low = LongVector.broadcast(WORDS, WORD);
        for (int round = 0; round < ROUNDS; round++) {
            // Above a word there may be anything; C2 multiplies words by one instruction where it sees that there is
            // not.
            LongVector product0 = low.lanewise(AND, word0).lanewise(MUL, MULTIPLIER_0);
            LongVector product1 = low.lanewise(AND, word2).lanewise(MUL, MULTIPLIER_1);
            word0 = product1.lanewise(LSHR, BITS).lanewise(XOR, word1).lanewise(XOR, key0);
            word1 = product1;
            word2 = product0.lanewise(LSHR, BITS).lanewise(XOR, word3).lanewise(XOR, key1);
            word3 = product0;
            key0 += WEYL_0;
            key1 += WEYL_1;
        }
        word0.intoArray(words, 0);
        word1.intoArray(words, LENGTH);
        word2.intoArray(words, 2 * LENGTH);
        word3.intoArray(words, 3 * LENGTH);
        for (int word = 0; word < Dropout.KEYS / 2; word++) {
            keep(word, lane);
        }
    }

    /** Notes the decisions for the two keys of a word. */
    private void keep(int word, int lane) {
        LongVector numbers = LongVector.fromArray(WORDS, words, word * LENGTH);
        int key = 2 * word;
        keptOfBlock[key] |= numbers.lanewise(AND, HALF).compare(GE, threshold).toLong() << lane;
        keptOfBlock[key + 1] |=
                numbers.lanewise(AND, WORD).compare(GE, threshold << Short.SIZE).toLong() << lane;
    }
}
