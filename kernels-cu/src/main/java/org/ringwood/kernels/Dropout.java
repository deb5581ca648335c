package org.ringwood.kernels;

import java.util.function.LongToDoubleFunction;

/**
 * Dropout of attention weights: after the softmax a weight is dropped, or kept and multiplied by {@link #scale}. Which ones are dropped is a
 * function of the seed and of the weight's place in the whole attention alone, its head, query and key. So the mask is the same however
 * the attention is cut, over tiles, devices, ranks and schedules, and in the backward pass.
 *
 * <p>The weight of head {@code h}, query {@code q} and key {@code k} is kept if {@code u ≥ T}, where {@code T} is the {@link #threshold} and
 * {@code u} one of the eight numbers of 16 bits that {@link Philox} gives for the eight keys from {@code 8 · ⌊k / 8⌋} on. With
 * {@code b = ⌊k / 8⌋},
 *
 * {@snippet :
 * counter = (b mod 2^32,  q mod 2^32,  (b >> 32) + 2^16 · (q >> 32),  h)
 * key     = (seed mod 2^32,  seed >> 32)                                   // of the seed's 64 bits, unsigned
 * w       = Philox4x32-10(counter, key)                                    // w[0], …, w[3] of 32 bits
 * u       = (w[(k mod 8) / 2] >> 16 · (k mod 2)) mod 2^16
 * }
 *
 * Query and key are positions of the whole sequence, below 2⁴⁸.
 *
 * @param rate share of the weights that is dropped, of which {@link #threshold} is the nearest multiple of 2⁻¹⁶; 0 for none
 * @param seed any number; attentions with different ones, also neighbouring ones, have independent masks
 * @param firstHead which head of the whole the first query head of what is attended is
 */
public record Dropout(double rate, long seed, int firstHead) {
    /** Every weight is kept. */
    public static final Dropout NONE = new Dropout(0, 0, 0);

    /** Keys whose decisions are the words of one counter. */
    public static final int KEYS = 8;

    private static final int RESOLUTION = 1 << 16;

    /** @throws IllegalArgumentException if the rate is not at least 0 and below 1, or the head negative */
    public Dropout {
        if (!(rate >= 0 && rate < 1)) {
            throw new IllegalArgumentException(
                    "dropout of rate " + rate + " is not possible; take 0 or more, and less than 1");
        }
        if (firstHead < 0) {
            throw new IllegalArgumentException("head " + firstHead + " of dropout is negative; count heads from 0");
        }
    }

    /** Dropout of an attention with all of its heads. */
    public Dropout(double rate, long seed) {
        this(rate, seed, 0);
    }

    /** The same for what begins at its head {@code head}. */
    public Dropout fromHead(int head) {
        return new Dropout(rate, seed, Math.addExact(firstHead, head));
    }

    /** Whether every weight is kept: the rate is 0, or nearer to it than to 2⁻¹⁶. */
    public boolean isNone() {
        return threshold() == 0;
    }

    /** {@code T}: of 2¹⁶ weights so many are dropped in the mean; less than 2¹⁶. */
    public int threshold() {
        return (int) Math.min(RESOLUTION - 1, Math.round(rate * RESOLUTION));
    }

    /** What kept weights are multiplied by, {@code 2¹⁶ / (2¹⁶ − T)}: the mean over all masks is then the attention without dropout, exactly. */
    public double scale() {
        return (double) RESOLUTION / (RESOLUTION - threshold());
    }

    /** Whether the weight of a query and a key is kept. */
    public boolean keeps(int head, long query, long key) {
        return ((keptOfBlock(head, query, key / KEYS) >>> (key % KEYS)) & 1) != 0;
    }

    /**
     * What the weights of a row are multiplied by, as a function of the key: 0, or {@link #scale}. For one thread; quick for keys in their order.
     *
     * @param head counted from the first one
     * @param query position
     */
    public LongToDoubleFunction factors(int head, long query) {
        return isNone() ? key -> 1 : new Row(head, query);
    }

    private final class Row implements LongToDoubleFunction {
        private final int head;
        private final long query;
        private long block = -1;
        private int kept;

        Row(int head, long query) {
            this.head = head;
            this.query = query;
        }

        @Override
        public double applyAsDouble(long key) {
            if (key / KEYS != block) {
                block = key / KEYS;
                kept = keptOfBlock(head, query, block);
            }
            return ((kept >>> (key % KEYS)) & 1) != 0 ? scale() : 0;
        }
    }

    /** Of eight keys the kept ones, a bit each. */
    private int keptOfBlock(int head, long query, long block) {
        int[] words = {(int) block, (int) query, highWord(query, block), firstHead + head};
        Philox.randomize(words, seed);
        int threshold = threshold();
        int kept = 0;
        for (int key = 0; key < KEYS; key++) {
            int number = (words[key / 2] >>> (Short.SIZE * (key % 2))) & (RESOLUTION - 1);
            kept |= number >= threshold ? 1 << key : 0;
        }
        return kept;
    }

    /** The third word of a counter. */
    public static int highWord(long query, long block) {
        return ((int) (query >>> 32) << 16) | (int) (block >>> 32);
    }
}
