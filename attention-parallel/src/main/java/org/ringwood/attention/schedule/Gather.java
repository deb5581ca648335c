package org.ringwood.attention.schedule;

import java.util.ArrayList;
import java.util.List;
import org.ringwood.attention.Ranges;
import org.ringwood.collectives.Topology;

/** Every group sends to every other, directly, the rows that the other needs. */
final class Gather implements Circulation {
    private final Grid grid;
    private final KeyNeeds needs;
    private final Topology topology;

    Gather(Grid grid, KeyNeeds needs, Topology topology) {
        this.grid = grid;
        this.needs = needs;
        this.topology = topology;
    }

    @Override
    public List<Move> sends(int group) {
        List<Move> moves = new ArrayList<>();
        for (int distance = 1; distance < grid.groups(); distance++) {
            add(moves, group, (group + distance) % grid.groups());
        }
        return moves;
    }

    @Override
    public List<Move> receives(int group) {
        List<Move> moves = new ArrayList<>();
        for (int distance = 1; distance < grid.groups(); distance++) {
            add(moves, Math.floorMod(group - distance, grid.groups()), group);
        }
        return moves;
    }

    private void add(List<Move> moves, int source, int to) {
        Ranges rows = needs.rows(to, source);
        if (!rows.isEmpty()) {
            moves.add(new Move(0, Lane.WITHIN, source, source, to, rows));
        }
    }

    @Override
    public int hops() {
        return grid.groups() > 1 ? 1 : 0;
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
