package org.ringwood.collectives;

/**
 * Which ports ranks listen on.
 *
 * @param first rank 0's; rank r takes {@code first + r}. 0: every rank takes any that is free
 */
public record PortRange(int first) {
    /** Any free ports. */
    public static final PortRange FREE = new PortRange(0);

    private static final int LARGEST = 65_535;

    /** @throws IllegalArgumentException if that is no port */
    public PortRange {
        if (first < 0 || first > LARGEST) {
            throw new IllegalArgumentException(
                    "%d is not a port: give 1 to %d, or 0 for any free one".formatted(first, LARGEST));
        }
    }

    /** Whether ports are fixed beforehand. */
    public boolean isFixed() {
        return first > 0;
    }

    /** The port of a rank, or 0 for any. */
    public int of(int rank) {
        return isFixed() ? first + rank : 0;
    }

    /** @throws IllegalArgumentException if a job of so many ranks would need ports that do not exist */
    public void requireRoomFor(int ranks) {
        int last = of(ranks - 1);
        if (last > LARGEST) {
            throw new IllegalArgumentException(
                    "%d ranks would need the ports %d to %d, and the last one is %d; begin at %d or below"
                            .formatted(ranks, first, last, LARGEST, LARGEST - ranks + 1));
        }
    }
}
