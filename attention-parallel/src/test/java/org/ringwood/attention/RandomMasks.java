package org.ringwood.attention;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.ringwood.kernels.Slice;

/** Random small rules, each with a predicate that tells from the definition which pairs it admits. */
final class RandomMasks {
    private static final List<Slice.Kind> KINDS = List.of(Slice.Kind.values());

    /** Whether a query row admits a key, by definition. */
    interface Admits {
        boolean test(long q, long k);
    }

    /**
     * A rule for one shape.
     *
     * @param what how it was made, for failure messages
     */
    record Case(String what, MaskRule rule, long queries, long keys, Admits admits) {
        Mask mask() {
            return rule.over(queries, keys);
        }

        @Override
        public String toString() {
            return what + " over " + queries + " x " + keys;
        }
    }

    private RandomMasks() {}

    /** A rule of any kind over sequences of up to about 40 tokens, of equal length if {@code square}. */
    static Case any(RandomGenerator random, boolean square) {
        return switch (random.nextInt(4)) {
            case 0 -> documents(random, square);
            case 1 -> batch(random, square);
            default -> {
                long queries = random.nextInt(40);
                yield flat(random, queries, square ? queries : random.nextInt(40));
            }
        };
    }

    static Case flat(RandomGenerator random, long queries, long keys) {
        return switch (random.nextInt(8)) {
            case 0 -> new Case("full", MaskRule.full(), queries, keys, (q, k) -> true);
            case 1 -> new Case("causal", MaskRule.causal(), queries, keys, (q, k) -> k <= q + keys - queries);
            case 2, 3 -> window(random, queries, keys);
            case 4 -> rectangles(random, queries, keys);
            case 5 -> blocks(random, queries, keys);
            case 6 -> {
                Case one = flat(random, queries, keys);
                Case two = flat(random, queries, keys);
                yield new Case(
                        one.what + " and " + two.what,
                        one.rule.and(two.rule),
                        queries,
                        keys,
                        (q, k) -> one.admits.test(q, k) && two.admits.test(q, k));
            }
            default -> {
                Case one = flat(random, queries, keys);
                Case two = flat(random, queries, keys);
                long border = random.nextLong(keys + 1);
                MaskRule left = columns(queries, 0, border);
                MaskRule right = columns(queries, border, keys);
                yield new Case(
                        "(" + one.what + " left of " + border + ") or (" + two.what + " right of it)",
                        one.rule.and(left).or(two.rule.and(right)),
                        queries,
                        keys,
                        (q, k) -> k < border ? one.admits.test(q, k) : two.admits.test(q, k));
            }
        };
    }

    private static MaskRule columns(long queries, long from, long to) {
        return MaskRule.rectangles(List.of(new MaskRule.Rectangle(0, queries, from, to, Slice.Kind.FULL)));
    }

    static Case window(RandomGenerator random, long queries, long keys) {
        long left = reach(random);
        long right = random.nextBoolean() ? 0 : reach(random);
        long sinks = random.nextBoolean() ? 0 : random.nextInt(60);
        return new Case(
                "window " + left + "/" + right + "/" + sinks,
                MaskRule.window(left, right, sinks),
                queries,
                keys,
                (q, k) -> {
                    long p = keys - queries + q;
                    boolean notTooFar = right == MaskRule.UNBOUNDED || k <= p + right;
                    boolean near = left == MaskRule.UNBOUNDED || k >= p - left;
                    return notTooFar && (near || k < sinks);
                });
    }

    private static long reach(RandomGenerator random) {
        return random.nextInt(4) == 0 ? MaskRule.UNBOUNDED : random.nextInt(random.nextBoolean() ? 5 : 60);
    }

    /** Rectangles of every kind in disjoint columns of the sequence. */
    static Case rectangles(RandomGenerator random, long queries, long keys) {
        List<Long> columns = bounds(random, keys, 4);
        List<MaskRule.Rectangle> rectangles = new ArrayList<>();
        for (int i = 0; i + 1 < columns.size(); i++) {
            long a = random.nextLong(queries + 1);
            long b = random.nextLong(queries + 1);
            Slice.Kind kind = KINDS.get(random.nextInt(KINDS.size()));
            rectangles.add(
                    new MaskRule.Rectangle(Math.min(a, b), Math.max(a, b), columns.get(i), columns.get(i + 1), kind));
        }
        return new Case(
                rectangles.toString(),
                MaskRule.rectangles(rectangles),
                queries,
                keys,
                (q, k) -> rectangles.stream().anyMatch(rectangle -> admits(rectangle, q, k)));
    }

    private static boolean admits(MaskRule.Rectangle r, long q, long k) {
        boolean inside = r.qFrom() <= q && q < r.qTo() && r.kFrom() <= k && k < r.kTo();
        boolean below = k <= q - r.qTo() + r.kTo();
        boolean above = k >= q - r.qFrom() + r.kFrom();
        return inside
                && switch (r.kind()) {
                    case FULL -> true;
                    case CAUSAL -> below;
                    case INVERSE_CAUSAL -> above;
                    case BI_CAUSAL -> below && above;
                };
    }

    static Case blocks(RandomGenerator random, long queries, long keys) {
        long queryBlock = random.nextLong(1, 10);
        long keyBlock = random.nextLong(1, 10);
        List<List<Integer>> table = new ArrayList<>();
        for (long row = 0; row * queryBlock < queries; row++) {
            List<Integer> columns = new ArrayList<>();
            for (int column = 0; column * keyBlock < keys; column++) {
                if (random.nextInt(3) == 0) {
                    columns.add(column);
                }
            }
            table.add(columns);
        }
        return new Case(
                queryBlock + " x " + keyBlock + " blocks " + table,
                MaskRule.blockSparse(queryBlock, keyBlock, table),
                queries,
                keys,
                (q, k) -> table.get((int) (q / queryBlock)).contains((int) (k / keyBlock)));
    }

    /** Documents, some of 0 or 1 token, with any rule inside that has no lengths of its own; some share a prefix. */
    static Case documents(RandomGenerator random, boolean square) {
        int count = random.nextInt(7);
        List<Long> q = cumulative(random, count);
        List<Long> k = square ? q : cumulative(random, count);
        Case inside = anyLength(random);
        boolean prefix = square && random.nextInt(3) == 0;
        MaskRule rule = prefix ? MaskRule.sharedPrefix(q, inside.rule) : inside.rule.inDocuments(q, k);
        return new Case(
                inside.what + " in documents " + q + ", " + k + (prefix ? " sharing the first" : ""),
                rule,
                q.getLast(),
                k.getLast(),
                (row, key) -> {
                    int d = document(q, row);
                    if (prefix && d > 0 && key < k.get(1)) {
                        return true;
                    }
                    return d == document(k, key)
                            && definition(inside.rule, q.get(d + 1) - q.get(d), k.get(d + 1) - k.get(d))
                                    .test(row - q.get(d), key - k.get(d));
                });
    }

    static Case batch(RandomGenerator random, boolean square) {
        int items = 1 + random.nextInt(4);
        long queries = random.nextInt(12);
        Case item = flat(random, queries, square ? queries : random.nextInt(12));
        return new Case(
                items + " items of " + item,
                item.rule.inBatch(items),
                items * item.queries,
                items * item.keys,
                (q, k) -> q / item.queries == k / item.keys && item.admits.test(q % item.queries, k % item.keys));
    }

    /** A window, or two of them, which fit every length. */
    private static Case anyLength(RandomGenerator random) {
        Case one = window(random, 0, 0);
        if (random.nextBoolean()) {
            return one;
        }
        return new Case("causal and " + one.what, MaskRule.causal().and(one.rule), 0, 0, one.admits);
    }

    private static Admits definition(MaskRule rule, long queries, long keys) {
        return switch (rule) {
            case MaskRule.And(MaskRule one, MaskRule other) -> {
                Admits a = definition(one, queries, keys);
                Admits b = definition(other, queries, keys);
                yield (q, k) -> a.test(q, k) && b.test(q, k);
            }
            case MaskRule.Window(long left, long right, long sinks) ->
                (q, k) -> {
                    long distance = k - (keys - queries + q);
                    return distance <= right && (distance >= -left || k < sinks);
                };
            default -> throw new IllegalArgumentException("no definition for " + rule);
        };
    }

    private static int document(List<Long> bounds, long position) {
        int d = 0;
        while (position >= bounds.get(d + 1)) {
            d++;
        }
        return d;
    }

    private static List<Long> cumulative(RandomGenerator random, int count) {
        List<Long> bounds = new ArrayList<>(List.of(0L));
        for (int i = 0; i < count; i++) {
            long length = random.nextInt(3) == 0 ? random.nextInt(2) : random.nextInt(14);
            bounds.add(bounds.getLast() + length);
        }
        return bounds;
    }

    /** Sorted bounds from 0 to {@code end}. */
    static List<Long> bounds(RandomGenerator random, long end, int inner) {
        List<Long> bounds = new ArrayList<>(List.of(0L, end));
        for (int i = 0; i < inner; i++) {
            bounds.add(random.nextLong(end + 1));
        }
        bounds.sort(Long::compare);
        return bounds;
    }
}
