package org.ringwood.kernels;

/**
 * The counter-based generator Philox-4x32 of ten rounds: four random words of 32 bits for every counter and key, without a state (Salmon,
 * Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3, SC 2011).
 */
public final class Philox {
    /** Rounds. */
    public static final int ROUNDS = 10;

    /** What the first word of a counter is multiplied by in every round. */
    public static final long MULTIPLIER_0 = 0xD2511F53L;

    /** What the third word of a counter is multiplied by in every round. */
    public static final long MULTIPLIER_1 = 0xCD9E8D57L;

    /** What is added to the lower half of the key after every round: the golden ratio. */
    public static final int WEYL_0 = 0x9E3779B9;

    /** What is added to the upper half of the key after every round: √3 − 1. */
    public static final int WEYL_1 = 0xBB67AE85;

    private Philox() {}

    /**
     * Replaces a counter by its random words.
     *
     * @param words four words: of the counter before, random afterwards
     * @param key the key; its lower half is the first word of the paper's
     */
    public static void randomize(int[] words, long key) {
        int key0 = (int) key;
        int key1 = (int) (key >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            long product0 = MULTIPLIER_0 * Integer.toUnsignedLong(words[0]);
            long product1 = MULTIPLIER_1 * Integer.toUnsignedLong(words[2]);
            words[0] = (int) (product1 >>> 32) ^ words[1] ^ key0;
            words[1] = (int) product1;
            words[2] = (int) (product0 >>> 32) ^ words[3] ^ key1;
            words[3] = (int) product0;
            key0 += WEYL_0;
            key1 += WEYL_1;
        }
    }
}
