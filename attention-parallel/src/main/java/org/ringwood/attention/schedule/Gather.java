package org.ringwood.attention.schedule;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.ringwood.attention.Ranges;
import org.ringwood.collectives.Topology;

/**
 * Every group gets the rows that it needs from their owner. Where groups of another node need the same rows, one of them gets what all
 * of them need, and passes it on: no row crosses to a node twice. Gradients take the same ways back, summed up where they meet. Every group
 * has one rank.
 */
final class Gather implements Circulation {
    private final Grid grid;
    private final RowNeeds needs;
    private final Topology topology;
    private final List<List<Integer>> groupsOfNode;
    private final int[] nodeOf;
    /** By source and node, once they were asked for. */
    private final AtomicReferenceArray<@Nullable List<Move>> deliveries;

    private record Reader(int group, Ranges rows) {}

    Gather(Grid grid, RowNeeds needs, Topology topology) {
        this.grid = grid;
        this.needs = needs;
        this.topology = topology;
        this.groupsOfNode = topology.ranksByNode().stream()
                .map(ranks -> ranks.stream().map(grid::group).toList())
                .toList();
        this.nodeOf = new int[grid.groups()];
        this.deliveries = new AtomicReferenceArray<>(grid.groups() * groupsOfNode.size());
        for (int node = 0; node < groupsOfNode.size(); node++) {
            for (int group : groupsOfNode.get(node)) {
                nodeOf[group] = node;
            }
        }
    }

    @Override
    public List<Move> sends(int group) {
        List<Move> moves = new ArrayList<>();
        for (int distance = 1; distance <= groupsOfNode.size(); distance++) {
            moves.addAll(delivery(group, (nodeOf[group] + distance) % groupsOfNode.size()));
        }
        for (int source = 0; source < grid.groups(); source++) {
            if (nodeOf[source] != nodeOf[group]) {
                moves.addAll(delivery(source, nodeOf[group]));
            }
        }
        moves.removeIf(move -> move.from() != group);
        return numbered(moves);
    }

    @Override
    public List<Move> receives(int group) {
        List<Move> moves = new ArrayList<>();
        for (int distance = 1; distance < grid.groups(); distance++) {
            moves.addAll(delivery(Math.floorMod(group - distance, grid.groups()), nodeOf[group]));
        }
        moves.removeIf(move -> move.to() != group);
        moves.sort(Comparator.comparingInt(Move::hop));
        return numbered(moves);
    }

    private record Way(int hop, int from, int to) {}

    /** The moves with the numbers of their ranges, which both sides give by source: one group may pass on many sources' rows to another. */
    private static List<Move> numbered(List<Move> moves) {
        Map<Way, Integer> ranges = new HashMap<>();
        IdentityHashMap<Move, Move> numbered = new IdentityHashMap<>();
        for (Move move :
                moves.stream().sorted(Comparator.comparingInt(Move::source)).toList()) {
            int count = move.rows().chunks().size();
            int first = ranges.merge(new Way(move.hop(), move.from(), move.to()), count, Integer::sum) - count;
            numbered.put(move, move.numbered(first));
        }
        return moves.stream()
                .map(move -> Objects.requireNonNull(numbered.get(move)))
                .toList();
    }

    /** How a source's rows come to all who need them on a node. */
    private List<Move> delivery(int source, int node) {
        int index = source * groupsOfNode.size() + node;
        List<Move> known = deliveries.get(index);
        if (known == null) {
            known = List.copyOf(newDelivery(source, node));
            deliveries.set(index, known);
        }
        return known;
    }

    private List<Move> newDelivery(int source, int node) {
        List<Reader> readers = readers(source, node);
        List<Move> moves = new ArrayList<>();
        if (node != nodeOf[source] && readers.size() > 1) {
            Ranges all = readers.stream().map(Reader::rows).reduce(Ranges.EMPTY, Ranges::union);
            if (all.size()
                    < readers.stream().mapToLong(reader -> reader.rows.size()).sum()) {
                int relay = readers.removeFirst().group;
                moves.add(new Move(0, Lane.WITHIN, source, source, relay, all, 0));
                readers.forEach(
                        reader -> moves.add(new Move(1, Lane.WITHIN, source, relay, reader.group, reader.rows, 0)));
                return moves;
            }
        }
        readers.forEach(reader -> moves.add(new Move(0, Lane.WITHIN, source, source, reader.group, reader.rows, 0)));
        return moves;
    }

    /** Each source begins with another one, so that not all send to the same, nor does one pass on everything. */
    private List<Reader> readers(int source, int node) {
        List<Integer> groups = groupsOfNode.get(node);
        List<Reader> readers = new ArrayList<>();
        for (int distance = 1; distance <= groups.size(); distance++) {
            int group = groups.get((source + distance) % groups.size());
            Ranges rows = group == source ? Ranges.EMPTY : needs.rows(group, source);
            if (!rows.isEmpty()) {
                readers.add(new Reader(group, rows));
            }
        }
        return readers;
    }

    @Override
    public long rowsSent() {
        long rows = 0;
        for (int source = 0; source < grid.groups(); source++) {
            for (int node = 0; node < groupsOfNode.size(); node++) {
                rows += delivery(source, node).stream()
                        .mapToLong(move -> move.rows().size())
                        .sum();
            }
        }
        return rows;
    }

    /** Each move has one back. */
    @Override
    public long rowsReturned() {
        return rowsSent();
    }

    @Override
    public List<Move> returns(int group) {
        return numbered(receives(group).stream().map(this::back).toList());
    }

    @Override
    public List<Move> returned(int group) {
        return numbered(sends(group).stream()
                .map(this::back)
                .sorted(Comparator.comparingInt(Move::hop))
                .toList());
    }

    /** The way back of the gradients of what has moved: to the one that passed it on, then from there home. */
    private Move back(Move move) {
        // Where one passes a source's rows on, all others of the node get theirs from it, in hop 1.
        boolean relayed = delivery(move.source(), nodeOf[move.to()]).getLast().hop() == 1;
        int hop = move.hop() == 1 ? 2 : relayed ? 3 : 1;
        return new Move(hop, move.lane(), move.source(), move.to(), move.from(), move.rows(), 0);
    }

    @Override
    public int returnHops() {
        return grid.groups() == 1 ? 0 : 4;
    }

    @Override
    public int hops() {
        return grid.groups() == 1 ? 0 : 2;
    }

    @Override
    public int blocks(Lane lane) {
        return grid.groups() - 1;
    }

    @Override
    public boolean inPlace(Move move, int member) {
        return move.rows().chunks().size() == 1
                && topology.sameNode(grid.rank(move.from(), member), grid.rank(move.to(), member));
    }
}
