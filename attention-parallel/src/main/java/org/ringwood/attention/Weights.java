package org.ringwood.attention;

import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How much of a whole each rank is to have, in proportion: with weights 1, 1 and 4 the last has four times as much as each other.
 * They are kept in lowest terms, so weights of equal proportions are equal. Whole numbers keep what follows from them exact, the same on
 * every rank.
 */
public final class Weights {
    /** The largest weight. */
    public static final int MOST = 1_000_000;

    private final int[] weights;
    private final long sum;

    private Weights(int[] weights) {
        this.weights = weights;
        this.sum = Arrays.stream(weights).asLongStream().sum();
    }

    /** The same for every rank. */
    public static Weights equal(int ranks) {
        requireRanks(ranks);
        int[] ones = new int[ranks];
        Arrays.fill(ones, 1);
        return new Weights(ones);
    }

    /**
     * Weights of ranks, in their order.
     *
     * @throws IllegalArgumentException if there is none, or one is not from 1 to {@link #MOST}
     */
    public static Weights of(List<Integer> weights) {
        requireRanks(weights.size());
        int divisor = 0;
        for (int weight : weights) {
            if (weight < 1 || weight > MOST) {
                throw new IllegalArgumentException("a weight of " + weight + " is not from 1 to " + MOST
                        + "; give whole numbers in proportion, such as 2 and 3 for 1 and 1.5");
            }
            divisor = greatestCommonDivisor(weight, divisor);
        }
        int common = divisor;
        return new Weights(weights.stream().mapToInt(weight -> weight / common).toArray());
    }

    private static int greatestCommonDivisor(int a, int b) {
        return b == 0 ? a : greatestCommonDivisor(b, a % b);
    }

    private static void requireRanks(int ranks) {
        if (ranks < 1) {
            throw new IllegalArgumentException("nothing can be dealt to " + ranks + " ranks; give at least 1");
        }
    }

    /** Number of ranks. */
    public int ranks() {
        return weights.length;
    }

    /** The weight of a rank. */
    public int of(int rank) {
        return weights[rank];
    }

    /** Sum of all. */
    public long sum() {
        return sum;
    }

    /** The largest of all. */
    public int largest() {
        return Arrays.stream(weights).max().orElseThrow();
    }

    /** Whether all ranks have the same. */
    public boolean areEqual() {
        return sum == weights.length;
    }

    /** How many times as much as the rank that has least a rank has, at least 1. */
    public double overLeast(int rank) {
        return (double) weights[rank] / Arrays.stream(weights).min().orElseThrow();
    }

    /** These weights, then the same from the last to the first. */
    Weights thereAndBack() {
        return new Weights(IntStream.range(0, 2 * weights.length)
                .map(i -> weights[Math.min(i, 2 * weights.length - 1 - i)])
                .toArray());
    }

    /**
     * Deals tokens one by one, each to the rank that will then have the least for its weight; of several such ranks to the first. No
     * other way has a smaller largest number of tokens for a weight: nobody need wait longer. More tokens never give a rank fewer. D'Hondt's
     * and Jefferson's method of dealing seats.
     *
     * @return how many each rank has
     */
    long[] shares(long tokens) {
        if (tokens < 0) {
            throw new IllegalArgumentException(tokens + " tokens cannot be dealt; give 0 at least");
        }
        long rounds = tokens / sum;
        long rest = tokens % sum;
        long[] shares = new long[weights.length];
        long left = rest;
        for (int rank = 0; rank < shares.length; rank++) {
            // Nobody gets less than the whole tokens of its part.
            shares[rank] = rest * weights[rank] / sum;
            left -= shares[rank];
        }
        if (left > 0) {
            dealOneByOne(shares, left);
        }
        for (int rank = 0; rank < shares.length; rank++) {
            shares[rank] += rounds * weights[rank];
        }
        return shares;
    }

    private void dealOneByOne(long[] shares, long tokens) {
        PriorityQueue<Integer> ranks = new PriorityQueue<>((a, b) -> compare(shares, a, b));
        IntStream.range(0, shares.length).forEach(ranks::add);
        for (long i = 0; i < tokens; i++) {
            int rank = ranks.remove();
            shares[rank]++;
            ranks.add(rank);
        }
    }

    /** By what they would have for their weight with one more. */
    private int compare(long[] shares, int a, int b) {
        int order = Long.compare((shares[a] + 1) * weights[b], (shares[b] + 1) * weights[a]);
        return order != 0 ? order : Integer.compare(a, b);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Weights that && Arrays.equals(weights, that.weights);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(weights);
    }

    /** Such as {@code [1, 1, 4]}. */
    @Override
    public String toString() {
        return Arrays.stream(weights).mapToObj(Integer::toString).collect(Collectors.joining(", ", "[", "]"));
    }
}
