package org.ringwood.attention.schedule;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.ringwood.attention.Partition;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.plan.Problem;

/**
 * The exchange of a rank with the other members of its group: every member gives its rows of the heads that another one attends,
 * and gets all rows of its own heads; afterwards the output of each row goes home. A group of one exchanges nothing and
 * works on the caller's tensors.
 */
final class HeadExchange {
    private final Problem problem;
    private final Grid grid;
    private final int rank;
    private final PlanWriter writer;
    private final HeadShare share;
    private final Gathered queries;
    private final Gathered keys;
    private final Gathered values;

    /**
     * All rows of the group for this rank's heads.
     *
     * @param part where they are
     * @param ready steps after which they are there
     */
    record Gathered(Part part, List<Integer> ready) {}

    /** Writes the way out: what the others need of this rank, what this rank needs of them. */
    HeadExchange(Problem problem, Grid grid, int rank, PlanWriter writer) {
        this.problem = problem;
        this.grid = grid;
        this.rank = rank;
        this.writer = writer;
        this.share = share(grid.member(rank));
        queries = gather(writer.queries(), problem.queries(), HeadExchange::queryHeads);
        keys = gather(writer.keys(), problem.keys(), HeadExchange::keyHeads);
        values = gather(writer.values(), problem.keys(), HeadExchange::keyHeads);
    }

    private record Heads(int from, int to) {}

    private static Heads queryHeads(HeadShare share) {
        return new Heads(share.from(), share.to());
    }

    private static Heads keyHeads(HeadShare share) {
        return new Heads(share.keyFrom(), share.keyTo());
    }

    private HeadShare share(int member) {
        return HeadShare.of(problem.shape(), member, grid.members());
    }

    private Gathered gather(Buffer mine, Partition partition, Function<HeadShare, Heads> headsOf) {
        if (grid.members() == 1) {
            return new Gathered(mine.all(), List.of());
        }
        for (int member : others()) {
            if (mine.rows() > 0 && !share(member).isEmpty()) {
                Heads heads = headsOf.apply(share(member));
                writer.send(mine.all().heads(heads.from, heads.to), rank(member), 0, 0, List.of());
            }
        }
        return share.isEmpty()
                ? new Gathered(mine.all(), List.of())
                : collectRows(mine, partition, headsOf.apply(share));
    }

    private Gathered collectRows(Buffer mine, Partition partition, Heads heads) {
        long rows = 0;
        for (int member = 0; member < grid.members(); member++) {
            rows += partition.rows(rank(member));
        }
        Buffer all = writer.buffer(mine.operand(), rows, heads.to - heads.from);
        List<Integer> ready = new ArrayList<>();
        if (mine.rows() > 0) {
            ready.add(writer.copy(mine.all().heads(heads.from, heads.to), rowsOf(all, rank, partition), List.of()));
        }
        for (int member : others()) {
            int peer = rank(member);
            if (partition.rows(peer) > 0) {
                ready.add(writer.receive(rowsOf(all, peer, partition), peer, 0, 0, List.of(), sameNode(peer)));
            }
        }
        return new Gathered(all.all(), List.copyOf(ready));
    }

    private Part rowsOf(Buffer group, int owner, Partition partition) {
        long first = grid.firstRow(owner, partition);
        return group.rows(first, first + partition.rows(owner));
    }

    /** The other members, beginning with the next one so that not all send to the same. */
    private List<Integer> others() {
        List<Integer> others = new ArrayList<>();
        for (int distance = 1; distance < grid.members(); distance++) {
            others.add((grid.member(rank) + distance) % grid.members());
        }
        return others;
    }

    private int rank(int member) {
        return grid.rank(grid.group(rank), member);
    }

    private boolean sameNode(int peer) {
        return problem.topology().sameNode(rank, peer);
    }

    /** Network steps before the attention. */
    int hops() {
        return grid.members() == 1 ? 0 : 1;
    }

    /** The heads that this rank attends. */
    HeadShare share() {
        return share;
    }

    Gathered queries() {
        return queries;
    }

    Gathered keys() {
        return keys;
    }

    Gathered values() {
        return values;
    }

    /** Finishes the states, this rank's rows into the caller's output, and sends the others theirs. */
    void deliver(Accumulation states, int hop) {
        long first = grid.firstRow(rank, problem.queries());
        if (writer.out().rows() > 0) {
            states.finish(
                    first,
                    writer.out().all().heads(share.from(), share.to()),
                    writer.lse().all().heads(share.from(), share.to()));
        }
        for (int member : others()) {
            int peer = rank(member);
            long rows = problem.queries().rows(peer);
            if (rows > 0) {
                Part out = writer.buffer(Operand.OUT, rows, share.heads()).all();
                Part lse = writer.buffer(Operand.LSE, rows, share.heads()).all();
                List<Integer> finished = states.finish(grid.firstRow(peer, problem.queries()), out, lse);
                writer.send(out, peer, hop, 0, finished);
                writer.send(lse, peer, hop, 0, finished);
            }
        }
    }

    /** Receives this rank's rows of the heads that others attended. */
    void collect(int hop) {
        for (int member : others()) {
            int peer = rank(member);
            HeadShare theirs = share(member);
            if (writer.out().rows() > 0 && !theirs.isEmpty()) {
                Part out = writer.out().all().heads(theirs.from(), theirs.to());
                Part lse = writer.lse().all().heads(theirs.from(), theirs.to());
                writer.receive(out, peer, hop, 0, List.of(), sameNode(peer));
                writer.receive(lse, peer, hop, 0, List.of(), sameNode(peer));
            }
        }
    }
}
