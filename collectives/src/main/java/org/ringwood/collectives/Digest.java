package org.ringwood.collectives;

/**
 * Digests of what ranks believe to be doing, such as shape and dtype. The same in every process; meant to reveal mistakes, not
 * attacks.
 */
public final class Digest {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private Digest() {}

    /** Digest of a name and numbers, in their order. */
    public static long of(String name, long... numbers) {
        long digest = GOLDEN;
        for (int i = 0; i < name.length(); i++) {
            digest = with(digest, name.charAt(i));
        }
        digest = with(digest, name.length());
        for (long number : numbers) {
            digest = with(digest, number);
        }
        return digest;
    }

    /** Digest of what {@code digest} stands for, followed by a number. */
    public static long with(long digest, long number) {
        return mixed(mixed(digest + GOLDEN) ^ number);
    }

    /** The finaliser of Steele, Lea and Flood's SplitMix64: every bit of the argument changes half of the result's. */
    private static long mixed(long bits) {
        long z = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
