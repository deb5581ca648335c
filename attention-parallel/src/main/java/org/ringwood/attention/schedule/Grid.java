package org.ringwood.attention.schedule;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.ringwood.attention.Partition;
import org.ringwood.attention.Ranges;
import org.ringwood.attention.plan.Problem;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Positions;

/**
 * The ranks as a grid: {@code groups} groups of {@code members} ranks. The members of a group exchange heads, the ranks at one
 * place of all groups circulate keys and values. Ranks are laid out node by node, so that groups lie within nodes and
 * neighbouring groups are near.
 */
final class Grid {
    private final int members;
    private final int[] rankAt;
    private final int[] placeOf;
    private final List<Positions> queries;
    private final List<Positions> keys;

    /**
     * The grid.
     *
     * @param members ranks in a group; divides the number of ranks
     */
    Grid(Problem problem, int members) {
        if (members < 1 || problem.ranks() % members != 0) {
            throw new IllegalArgumentException(
                    problem.ranks() + " ranks cannot be cut into groups of " + members + "; take a divisor");
        }
        this.members = members;
        this.rankAt = problem.topology().ranksByNode().stream()
                .flatMap(List::stream)
                .mapToInt(Integer::intValue)
                .toArray();
        this.placeOf = new int[rankAt.length];
        for (int place = 0; place < rankAt.length; place++) {
            placeOf[rankAt[place]] = place;
        }
        this.queries = positions(problem.queries());
        this.keys = positions(problem.keys());
    }

    private List<Positions> positions(Partition partition) {
        return IntStream.range(0, groups())
                .mapToObj(group -> {
                    List<Chunk> chunks = new ArrayList<>();
                    for (int member = 0; member < members; member++) {
                        chunks.addAll(partition.positions(rank(group, member)).chunks());
                    }
                    return Positions.of(chunks);
                })
                .toList();
    }

    int groups() {
        return rankAt.length / members;
    }

    int members() {
        return members;
    }

    int rank(int group, int member) {
        return rankAt[group * members + member];
    }

    int group(int rank) {
        return placeOf[rank] / members;
    }

    int member(int rank) {
        return placeOf[rank] % members;
    }

    /** Positions of all rows of a group, member after member. */
    Positions positions(Side side, int group) {
        return side == Side.KEYS ? keys.get(group) : queries.get(group);
    }

    /** Positions of some rows of a group. */
    Positions positions(Side side, int group, Ranges rows) {
        Positions all = positions(side, group);
        List<Chunk> chunks = new ArrayList<>();
        for (Chunk run : rows.chunks()) {
            chunks.addAll(all.slice(run.from(), run.to()).chunks());
        }
        return Positions.of(chunks);
    }

    /** First row of a rank's shard among those of its group. */
    long firstRow(int rank, Partition partition) {
        long row = 0;
        for (int member = 0; member < member(rank); member++) {
            row += partition.rows(rank(group(rank), member));
        }
        return row;
    }
}
