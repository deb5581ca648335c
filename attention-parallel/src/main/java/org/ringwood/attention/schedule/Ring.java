package org.ringwood.attention.schedule;

import java.util.ArrayList;
import java.util.List;
import org.ringwood.attention.Ranges;
import org.ringwood.collectives.Topology;

/**
 * Every block goes from neighbour to neighbour, all in one direction. In each hop only those of its rows travel that the receiver
 * or a later group on the way needs; a hop in which no row does is left out. Two buffers take turns: one is received while
 * the other is attended and sent on.
 */
final class Ring implements Circulation {
    private final Grid grid;
    private final int direction;
    /** By source and hop; the rows that still travel. */
    private final Ranges[][] travelling;
    /** By source and member: hops, from the first on, in which the block is read in the source's own memory. */
    private final int[][] inPlaceHops;

    /** The ring in the direction that takes the fewest bytes, then the fewest hops, then upwards. */
    static Ring of(Grid grid, KeyNeeds needs, Topology topology) {
        Ring up = new Ring(grid, needs, topology, 1);
        Ring down = new Ring(grid, needs, topology, -1);
        int order = Long.compare(up.rowsSent(), down.rowsSent());
        boolean upwards = order < 0 || (order == 0 && up.busyHops() <= down.busyHops());
        return upwards ? up : down;
    }

    private Ring(Grid grid, KeyNeeds needs, Topology topology, int direction) {
        this.grid = grid;
        this.direction = direction;
        int groups = grid.groups();
        this.travelling = new Ranges[groups][hops()];
        this.inPlaceHops = new int[groups][grid.members()];
        for (int source = 0; source < groups; source++) {
            fill(needs, source);
            for (int member = 0; member < grid.members(); member++) {
                inPlaceHops[source][member] = countInPlaceHops(topology, source, member);
            }
        }
    }

    private void fill(KeyNeeds needs, int source) {
        Ranges rows = Ranges.EMPTY;
        for (int hop = hops() - 1; hop >= 0; hop--) {
            if (rows.size() < needs.allRows(source)) {
                rows = rows.union(needs.rows(groupAfter(source, hop + 1), source));
            }
            travelling[source][hop] = rows;
        }
    }

    /** A block read in place is sent on from where it lies; once it was copied into a slot it does not last. */
    private int countInPlaceHops(Topology topology, int source, int member) {
        int hop = 0;
        while (hop < hops()
                && travelling[source][hop].chunks().size() == 1
                && topology.sameNode(
                        grid.rank(groupAfter(source, hop), member), grid.rank(groupAfter(source, hop + 1), member))) {
            hop++;
        }
        return hop;
    }

    private int groupAfter(int group, int hops) {
        return Math.floorMod(group + direction * hops, grid.groups());
    }

    private long rowsSent() {
        long rows = 0;
        for (Ranges[] hops : travelling) {
            for (Ranges hop : hops) {
                rows += hop.size();
            }
        }
        return rows;
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
        for (int hop = 0; hop < hops(); hop++) {
            add(moves, hop, groupAfter(group, -hop), group);
        }
        return moves;
    }

    @Override
    public List<Move> receives(int group) {
        List<Move> moves = new ArrayList<>();
        int previous = groupAfter(group, -1);
        for (int hop = 0; hop < hops(); hop++) {
            add(moves, hop, groupAfter(previous, -hop), previous);
        }
        return moves;
    }

    private void add(List<Move> moves, int hop, int source, int from) {
        Ranges rows = travelling[source][hop];
        if (!rows.isEmpty()) {
            moves.add(new Move(hop, source, from, groupAfter(from, 1), rows));
        }
    }

    @Override
    public int hops() {
        return grid.groups() - 1;
    }

    @Override
    public int blocks() {
        return 2;
    }

    @Override
    public boolean inPlace(Move move, int member) {
        return move.hop() < inPlaceHops[move.source()][member];
    }
}
