package org.ringwood.attention.schedule;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.ringwood.attention.Ranges;
import org.ringwood.collectives.Topology;

/**
 * A ring of rings. Every block goes around the ring of its owner; meanwhile its owner also hands it to the group at the same place of
 * the next ring, where it goes around again, and so on. With one ring, or with rings of one group, that is the plain ring.
 *
 * <p>All blocks of a level go in one direction. In each hop only those of a block's rows travel that the receiver or a later group
 * on the way needs; a hop in which no row does is left out. On either level two buffers take turns: one is received while
 * the other is attended and sent on.
 *
 * <p>Gradients go the same way within a ring, one hop behind their rows, and home as soon as no later group of the ring needs the row.
 * From every ring they go home on their own, so they cross between rings as often as their rows.
 */
final class Rings implements Circulation {
    private final Grid grid;
    private final RowNeeds needs;
    private final int width;
    private final int count;
    private final Turn turn;
    /** By source and hop; the rows that come in the hop to the group that the source's block then reaches. */
    private final Ranges[][] travelling;
    /** By source; for every hop and member whether the block is read in the source's own memory. */
    private final BitSet[] inPlace;
    /** By source and hop, once they were asked for; the rows there that have got gradients in the ring after the hop. */
    private final AtomicReferenceArray<Ranges @Nullable []> touched;

    /** The directions, 1 or −1, of the blocks within each ring, and from ring to ring. */
    private record Turn(int within, int onward) {}

    /** Where a block is after so many steps: {@code onward} rings further, {@code within} places further in that ring. */
    private record Progress(int onward, int within) {}

    /**
     * The rings, in the directions that take the fewest bytes, then the fewest hops, then upwards. They are independent: what a block
     * costs on one level does not depend on where it goes on the other.
     *
     * @param width groups in a ring, neighbours in the grid; divides their number
     */
    static Rings of(Grid grid, int width, RowNeeds needs, Topology topology) {
        Comparator<Rings> cheapest = Comparator.comparingLong(Rings::rowsSent).thenComparingInt(Rings::busyHops);
        Rings best = new Rings(grid, width, needs, new Turn(1, 1));
        if (width > 1) {
            best = least(cheapest, best, new Rings(grid, width, needs, new Turn(-1, 1)));
        }
        if (best.count > 1) {
            best = least(cheapest, best, new Rings(grid, width, needs, new Turn(best.turn.within, -1)));
        }
        best.findInPlace(topology);
        return best;
    }

    private static Rings least(Comparator<Rings> order, Rings first, Rings second) {
        return order.compare(first, second) <= 0 ? first : second;
    }

    private Rings(Grid grid, int width, RowNeeds needs, Turn turn) {
        int groups = grid.groups();
        this.grid = grid;
        this.needs = needs;
        this.width = width;
        this.count = groups / width;
        this.turn = turn;
        this.travelling = new Ranges[groups][hops()];
        this.inPlace = new BitSet[groups];
        this.touched = new AtomicReferenceArray<>(groups);
        for (int source = 0; source < groups; source++) {
            fill(source);
        }
    }

    /** From the end of the way to its begin: what comes to a group is what it needs and what it sends on. */
    private void fill(int source) {
        Ranges onward = Ranges.EMPTY;
        for (int ring = count - 1; ring >= 0; ring--) {
            Ranges within = Ranges.EMPTY;
            for (int place = width - 1; place >= 1; place--) {
                within = with(within, source, new Progress(ring, place));
                travelling[source][hopTo(new Progress(ring, place))] = within;
            }
            if (ring >= 1) {
                onward = with(onward.union(within), source, new Progress(ring, 0));
                travelling[source][hopTo(new Progress(ring, 0))] = onward;
            }
        }
    }

    private Ranges with(Ranges rows, int source, Progress progress) {
        return rows.size() < needs.allRows(source) ? rows.union(needs.rows(from(source, progress), source)) : rows;
    }

    /** A block read in place is sent on from where it lies; once it was copied into a slot it does not last. */
    private void findInPlace(Topology topology) {
        for (int source = 0; source < travelling.length; source++) {
            inPlace[source] = new BitSet();
            for (int hop = 0; hop < hops(); hop++) {
                if (travelling[source][hop].chunks().size() == 1) {
                    findInPlace(topology, source, hop);
                }
            }
        }
    }

    private void findInPlace(Topology topology, int source, int hop) {
        Progress progress = after(hop);
        Progress former = former(progress);
        boolean fromSource = former.equals(new Progress(0, 0));
        for (int member = 0; member < grid.members(); member++) {
            if ((fromSource || isInPlace(source, hopTo(former), member))
                    && topology.sameNode(
                            grid.rank(from(source, former), member), grid.rank(from(source, progress), member))) {
                inPlace[source].set(hop * grid.members() + member);
            }
        }
    }

    /** A group attends the blocks ring by ring, and in each hop one comes. */
    private int hopTo(Progress progress) {
        return progress.onward * width + progress.within - 1;
    }

    private Progress after(int hop) {
        return new Progress((hop + 1) / width, (hop + 1) % width);
    }

    private static Progress former(Progress progress) {
        return progress.within > 0
                ? new Progress(progress.onward, progress.within - 1)
                : new Progress(progress.onward - 1, 0);
    }

    /** The group that a block of {@code group} has come to. */
    private int from(int group, Progress progress) {
        return moved(group, progress.onward * turn.onward, progress.within * turn.within);
    }

    /** The group whose block has come to {@code group}. */
    private int sourceOf(int group, Progress progress) {
        return moved(group, -progress.onward * turn.onward, -progress.within * turn.within);
    }

    private int moved(int group, int onward, int within) {
        int ring = Math.floorMod(group / width + onward, count);
        return ring * width + Math.floorMod(group % width + within, width);
    }

    @Override
    public long rowsSent() {
        return Arrays.stream(travelling).mapToLong(Rings::rows).sum();
    }

    private static long rows(Ranges[] byHop) {
        return Arrays.stream(byHop).mapToLong(Ranges::size).sum();
    }

    private int busyHops() {
        int busy = 0;
        for (int hop = 0; hop < hops(); hop++) {
            for (Ranges[] source : travelling) {
                if (!source[hop].isEmpty()) {
                    busy++;
                    break;
                }
            }
        }
        return busy;
    }

    @Override
    public List<Move> sends(int group) {
        List<Move> moves = new ArrayList<>();
        for (int ring = 0; ring < count; ring++) {
            if (ring + 1 < count) {
                // First, since it takes longer and is needed later than what goes on within the ring.
                addTo(moves, new Progress(ring + 1, 0), sourceOf(group, new Progress(ring, 0)));
            }
            for (int place = 1; place < width; place++) {
                addTo(moves, new Progress(ring, place), sourceOf(group, new Progress(ring, place - 1)));
            }
        }
        return moves;
    }

    @Override
    public List<Move> receives(int group) {
        List<Move> moves = new ArrayList<>();
        for (int hop = 0; hop < hops(); hop++) {
            addTo(moves, after(hop), sourceOf(group, after(hop)));
        }
        return moves;
    }

    /** Adds the move by which a block comes so far. */
    private void addTo(List<Move> moves, Progress progress, int source) {
        int hop = hopTo(progress);
        Ranges rows = travelling[source][hop];
        if (!rows.isEmpty()) {
            Lane lane = progress.within > 0 ? Lane.WITHIN : Lane.ONWARD;
            moves.add(new Move(hop, lane, source, from(source, former(progress)), from(source, progress), rows, 0));
        }
    }

    @Override
    public int hops() {
        return grid.groups() - 1;
    }

    @Override
    public List<Move> returns(int group) {
        List<Move> moves = new ArrayList<>();
        for (int hop = 0; hop < hops(); hop++) {
            Progress progress = after(hop);
            int source = sourceOf(group, progress);
            addIfAny(moves, hop, source, group, source, homeward(source, progress));
            Progress next = new Progress(progress.onward, progress.within + 1);
            addIfAny(moves, hop, source, group, from(source, next), forward(source, progress));
        }
        return moves;
    }

    @Override
    public List<Move> returned(int group) {
        List<Move> moves = new ArrayList<>();
        for (int hop = 0; hop < hops(); hop++) {
            Progress progress = after(hop);
            addIfAny(moves, hop, group, from(group, progress), group, homeward(group, progress));
            if (progress.within > 0) {
                Progress former = former(progress);
                int source = sourceOf(group, progress);
                if (!former.equals(new Progress(0, 0))) {
                    addIfAny(moves, hop - 1, source, from(source, former), group, forward(source, former));
                }
            }
        }
        moves.sort(Comparator.comparingInt(Move::hop));
        return moves;
    }

    private static void addIfAny(List<Move> moves, int hop, int source, int from, int to, Ranges rows) {
        if (!rows.isEmpty()) {
            moves.add(new Move(hop + 1, Lane.WITHIN, source, from, to, rows, 0));
        }
    }

    /** The rows whose gradients go on to the next group of the ring, from the one that the block has come to. */
    private Ranges forward(int source, Progress progress) {
        return progress.within + 1 < width
                ? touched(source, progress)
                        .intersection(travelling[source][hopTo(new Progress(progress.onward, progress.within + 1))])
                : Ranges.EMPTY;
    }

    /** The rows whose gradients go home from there. */
    private Ranges homeward(int source, Progress progress) {
        return touched(source, progress).without(forward(source, progress));
    }

    /** Every row that has got gradients goes on or home, from wherever it is. */
    @Override
    public long rowsReturned() {
        return IntStream.range(0, grid.groups())
                .mapToLong(source -> rows(touched(source)))
                .sum();
    }

    private Ranges touched(int source, Progress progress) {
        return touched(source)[hopTo(progress)];
    }

    private Ranges[] touched(int source) {
        Ranges[] known = touched.get(source);
        if (known == null) {
            known = newTouched(source);
            touched.set(source, known);
        }
        return known;
    }

    private Ranges[] newTouched(int source) {
        Ranges[] rows = new Ranges[hops()];
        for (int hop = 0; hop < rows.length; hop++) {
            Progress progress = after(hop);
            boolean goesOn = hop > 0 && progress.within > 0;
            Ranges before = goesOn ? rows[hop - 1].intersection(travelling[source][hop]) : Ranges.EMPTY;
            rows[hop] = with(before, source, progress);
        }
        return rows;
    }

    @Override
    public int returnHops() {
        return grid.groups() == 1 ? 0 : grid.groups();
    }

    @Override
    public int blocks(Lane lane) {
        return 2;
    }

    @Override
    public boolean inPlace(Move move, int member) {
        return isInPlace(move.source(), move.hop(), member);
    }

    private boolean isInPlace(int source, int hop, int member) {
        return inPlace[source].get(hop * grid.members() + member);
    }
}
