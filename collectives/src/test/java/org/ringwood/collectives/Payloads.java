package org.ringwood.collectives;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/** Payloads that are recognised by a seed. */
public final class Payloads {
    private static final int LONGEST = 5 << 20;
    private static final int SEEDS = 1 << 20;

    /** Every payload is a piece of this noise, since making new noise for each would take the time of the tests. */
    private static final MemorySegment NOISE = noise();

    private Payloads() {}

    private static MemorySegment noise() {
        byte[] noise = new byte[LONGEST + SEEDS];
        new SplittableRandom(1).nextBytes(noise);
        return MemorySegment.ofArray(noise).asReadOnly();
    }

    private static MemorySegment piece(long seed, long bytes) {
        return NOISE.asSlice(new SplittableRandom(seed).nextInt(SEEDS), bytes);
    }

    /** A payload in memory of its own. */
    public static MemorySegment of(long seed, int bytes) {
        return fill(MemorySegment.ofArray(new byte[bytes]), seed);
    }

    /** Fills memory with the payload of that seed. */
    public static MemorySegment fill(MemorySegment segment, long seed) {
        return segment.copyFrom(piece(seed, segment.byteSize()));
    }

    /** Asserts that memory holds the payload of that seed. */
    public static void assertPayload(MemorySegment segment, long seed) {
        long mismatch = segment.mismatch(piece(seed, segment.byteSize()));
        assertThat(mismatch)
                .as("first wrong byte of %d, payload %d", segment.byteSize(), seed)
                .isEqualTo(-1);
    }

    /** Overwrites memory with what no payload is. */
    public static void spoil(MemorySegment segment) {
        segment.fill((byte) 0x5A);
    }
}
