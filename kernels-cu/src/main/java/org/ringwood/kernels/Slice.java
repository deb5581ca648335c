package org.ringwood.kernels;

/**
 * A rectangle of (query, key) pairs cut by two diagonals: it admits {@code (q, k)} if
 * {@code qFrom <= q < qTo}, {@code kFrom <= k < kTo} and {@code lowest <= k - q <= highest}.
 *
 * <p>A slice is kept in its tightest form: every bound is attained by an admitted pair, so equal sets of this shape are equal
 * records, and a slice that admits nothing is {@link #EMPTY}. Cutting a slice with another, and so with any chunk, gives a
 * slice again; that is why the diagonals are stored and not the kind of the field's corner-aligned slices, which
 * {@link #of} reads and {@link #kind()} tells.
 *
 * @param qFrom first query
 * @param qTo one past the last query
 * @param kFrom first key
 * @param kTo one past the last key
 * @param lowest smallest admitted {@code k - q}
 * @param highest largest admitted {@code k - q}
 */
public record Slice(long qFrom, long qTo, long kFrom, long kTo, long lowest, long highest) {
    /** The slice that admits nothing. */
    public static final Slice EMPTY = new Slice(0, 0, 0, 0, 0, -1);

    /** Where the diagonals of a slice cut its rectangle, in the words of MagiAttention's attention slices. */
    public enum Kind {
        /** Every pair of the rectangle. */
        FULL,
        /** Cut at the upper right: {@code k <= q - qTo + kTo}. */
        CAUSAL,
        /** Cut at the lower left: {@code k >= q - qFrom + kFrom}. */
        INVERSE_CAUSAL,
        /** Cut at both. */
        BI_CAUSAL
    }

    /** Tightens the bounds; a set of bounds that admits nothing becomes {@link #EMPTY}. */
    public Slice {
        // Each bound is tightened against the others; two rounds reach the fixed point, as every bound then has a
        // witness.
        for (int round = 0; round < 2 && qFrom < qTo && kFrom < kTo && lowest <= highest; round++) {
            lowest = Math.max(lowest, kFrom - (qTo - 1));
            highest = Math.min(highest, kTo - 1 - qFrom);
            qFrom = Math.max(qFrom, kFrom - highest);
            qTo = Math.min(qTo, kTo - lowest);
            kFrom = Math.max(kFrom, qFrom + lowest);
            kTo = Math.min(kTo, qTo + highest);
        }
        if (qFrom >= qTo || kFrom >= kTo || lowest > highest) {
            qFrom = 0;
            qTo = 0;
            kFrom = 0;
            kTo = 0;
            lowest = 0;
            highest = -1;
        }
    }

    /** The slice of a kind over a rectangle: causal aligns at the rectangle's end, inverse-causal at its start. */
    public static Slice of(long qFrom, long qTo, long kFrom, long kTo, Kind kind) {
        boolean cutsAbove = kind == Kind.CAUSAL || kind == Kind.BI_CAUSAL;
        boolean cutsBelow = kind == Kind.INVERSE_CAUSAL || kind == Kind.BI_CAUSAL;
        long lowest = cutsBelow ? kFrom - qFrom : kFrom - (qTo - 1);
        long highest = cutsAbove ? kTo - qTo : kTo - 1 - qFrom;
        return new Slice(qFrom, qTo, kFrom, kTo, lowest, highest);
    }

    /** Every pair of a rectangle. */
    public static Slice full(long qFrom, long qTo, long kFrom, long kTo) {
        return of(qFrom, qTo, kFrom, kTo, Kind.FULL);
    }

    /** Whether nothing is admitted. */
    public boolean isEmpty() {
        return qFrom == qTo;
    }

    /** Whether every pair of the rectangle is admitted. */
    public boolean isFull() {
        return lowest <= kFrom - (qTo - 1) && highest >= kTo - 1 - qFrom;
    }

    /** Whether {@code (q, k)} is admitted. */
    public boolean admits(long q, long k) {
        return q >= qFrom && q < qTo && k >= kFrom && k < kTo && k - q >= lowest && k - q <= highest;
    }

    /** The pairs that both slices admit. */
    public Slice intersect(Slice other) {
        return new Slice(
                Math.max(qFrom, other.qFrom),
                Math.min(qTo, other.qTo),
                Math.max(kFrom, other.kFrom),
                Math.min(kTo, other.kTo),
                Math.max(lowest, other.lowest),
                Math.min(highest, other.highest));
    }

    /** The pairs with a query in {@code [qStart, qEnd)} and a key in {@code [kStart, kEnd)}. */
    public Slice clip(long qStart, long qEnd, long kStart, long kEnd) {
        return new Slice(
                Math.max(qFrom, qStart),
                Math.min(qTo, qEnd),
                Math.max(kFrom, kStart),
                Math.min(kTo, kEnd),
                lowest,
                highest);
    }

    /** This slice with all queries moved by {@code dq} and all keys by {@code dk}. */
    public Slice shift(long dq, long dk) {
        return isEmpty()
                ? EMPTY
                : new Slice(qFrom + dq, qTo + dq, kFrom + dk, kTo + dk, lowest + dk - dq, highest + dk - dq);
    }

    /** The same pairs with queries and keys in each other's place. */
    public Slice transposed() {
        return new Slice(kFrom, kTo, qFrom, qTo, -highest, -lowest);
    }

    /** First key that query {@code q} admits; meaningful only below {@link #keyTo}. */
    public long keyFrom(long q) {
        return Math.max(kFrom, q + lowest);
    }

    /** One past the last key that query {@code q} admits. */
    public long keyTo(long q) {
        return Math.min(kTo, q + highest + 1);
    }

    /**
     * Number of admitted pairs, exactly.
     *
     * @throws ArithmeticException if that is more than 2⁶³−1
     */
    public long area() {
        if (isEmpty()) {
            return 0;
        }
        // Over the rows, their lengths rise, stay and fall, so the area is at least half of rows times the longest. If
        // that product is within 64 bits, so is the area, and its sign bit tells whether it is within 63; if not, the
        // area is not within 63 bits.
        long longest = Math.min(kTo - kFrom, highest - lowest + 1);
        long area = below(highest) - below(lowest - 1);
        if (Math.unsignedMultiplyHigh(qTo - qFrom, longest) != 0 || area < 0) {
            throw new ArithmeticException(this + " admits more pairs than 63 bits count; cut it");
        }
        return area;
    }

    /** Number of pairs of the rectangle with {@code k - q <= diagonal}, modulo 2⁶⁴. */
    private long below(long diagonal) {
        // Rows with q + diagonal >= kTo - 1 are whole; rows with q + diagonal < kFrom are empty; between, they grow by
        // one.
        long firstWhole = Math.clamp(kTo - 1 - diagonal, qFrom, qTo);
        long firstPart = Math.clamp(kFrom - diagonal, qFrom, qTo);
        long whole = (qTo - firstWhole) * (kTo - kFrom);
        if (firstPart >= firstWhole) {
            return whole;
        }
        long shortest = firstPart + diagonal - kFrom + 1;
        long longest = firstWhole - 1 + diagonal - kFrom + 1;
        return whole + triangle(longest) - triangle(shortest - 1);
    }

    private static long triangle(long n) {
        return (n & 1) == 0 ? n / 2 * (n + 1) : n * ((n + 1) / 2);
    }

    /** Which corners of the rectangle the diagonals cut. */
    public Kind kind() {
        boolean cutsAbove = highest < kTo - 1 - qFrom;
        boolean cutsBelow = lowest > kFrom - (qTo - 1);
        if (cutsAbove) {
            return cutsBelow ? Kind.BI_CAUSAL : Kind.CAUSAL;
        }
        return cutsBelow ? Kind.INVERSE_CAUSAL : Kind.FULL;
    }
}
