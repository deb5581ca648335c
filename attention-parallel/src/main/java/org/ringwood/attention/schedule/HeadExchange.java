package org.ringwood.attention.schedule;

import java.util.ArrayList;
import java.util.List;
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

    /**
     * All rows of the group for this rank's heads.
     *
     * @param part where they are
     * @param ready steps after which they are there
     */
    record Gathered(Part part, List<Integer> ready) {}

    HeadExchange(Problem problem, Grid grid, int rank, PlanWriter writer) {
        this.problem = problem;
        this.grid = grid;
        this.rank = rank;
        this.writer = writer;
        this.share = share(grid.member(rank));
    }

    private record Heads(int from, int to) {
        static Heads of(Operand operand, HeadShare share) {
            return operand.isOfKeys() ? new Heads(share.keyFrom(), share.keyTo()) : new Heads(share.from(), share.to());
        }

        Part of(Part part) {
            return part.heads(from, to);
        }

        int count() {
            return to - from;
        }
    }

    private HeadShare share(int member) {
        return HeadShare.of(problem.shape(), member, grid.members());
    }

    private Partition partition(Operand operand) {
        return operand.isOfKeys() ? problem.keys() : problem.queries();
    }

    /** One of the caller's tensors. */
    Gathered gather(Operand operand) {
        return gather(writer.gathered(operand));
    }

    /**
     * Writes the way out of one operand: what the others need of this rank, what this rank needs of them.
     *
     * @param mine this rank's rows, all heads
     */
    Gathered gather(Gathered mine) {
        if (grid.members() == 1) {
            return mine;
        }
        Operand operand = mine.part().buffer().operand();
        for (int member : others()) {
            if (mine.part().rows() > 0 && !share(member).isEmpty()) {
                Heads heads = Heads.of(operand, share(member));
                writer.send(heads.of(mine.part()), rank(member), 0, 0, mine.ready());
            }
        }
        return share.isEmpty() ? mine : collectRows(mine, Heads.of(operand, share), partition(operand));
    }

    private Gathered collectRows(Gathered mine, Heads heads, Partition partition) {
        Buffer all = writer.buffer(mine.part().buffer().operand(), rowsOfGroup(partition), heads.count());
        List<Integer> ready = new ArrayList<>();
        if (mine.part().rows() > 0) {
            ready.add(writer.copy(heads.of(mine.part()), rowsOf(all, rank, partition), mine.ready()));
        }
        for (int member : others()) {
            int peer = rank(member);
            if (partition.rows(peer) > 0) {
                ready.add(writer.receive(rowsOf(all, peer, partition), peer, 0, 0, List.of(), sameNode(peer)));
            }
        }
        return new Gathered(all.all(), List.copyOf(ready));
    }

    private long rowsOfGroup(Partition partition) {
        long rows = 0;
        for (int member = 0; member < grid.members(); member++) {
            rows += partition.rows(rank(member));
        }
        return rows;
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

    /** Finishes the states, this rank's rows into the caller's output, and sends the others theirs. */
    void deliver(Accumulation states, int hop) {
        long first = grid.firstRow(rank, problem.queries());
        if (writer.callers(Operand.OUT).rows() > 0) {
            states.finish(
                    first,
                    writer.callers(Operand.OUT).all().heads(share.from(), share.to()),
                    writer.callers(Operand.LSE).all().heads(share.from(), share.to()));
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
            if (writer.callers(Operand.OUT).rows() > 0 && !theirs.isEmpty()) {
                Part out = writer.callers(Operand.OUT).all().heads(theirs.from(), theirs.to());
                Part lse = writer.callers(Operand.LSE).all().heads(theirs.from(), theirs.to());
                writer.receive(out, peer, hop, 0, List.of(), sameNode(peer));
                writer.receive(lse, peer, hop, 0, List.of(), sameNode(peer));
            }
        }
    }

    /**
     * Sums of gradients of all rows of the group for this rank's heads, still 0: this rank's own sums if its group has no other member.
     *
     * @param mine this rank's rows, all heads
     */
    GradientSums sums(GradientSums mine) {
        if (grid.members() == 1) {
            return mine;
        }
        List<Part> parts = new ArrayList<>();
        for (Part part : mine.parts()) {
            Operand operand = part.buffer().operand();
            int heads = Heads.of(operand, share).count();
            parts.add(writer.buffer(operand, rowsOfGroup(partition(operand)), heads)
                    .all());
        }
        return new GradientSums(parts, List.of(), writer);
    }

    /** Sends the others their rows of sums over this rank's heads. */
    void deliver(GradientSums sums, int hop) {
        for (int member : others()) {
            int peer = rank(member);
            for (Part part : sums.parts()) {
                Partition partition = partition(part.buffer().operand());
                if (partition.rows(peer) > 0) {
                    writer.send(rowsOf(part.buffer(), peer, partition), peer, hop, 0, sums.ready());
                }
            }
        }
    }

    /**
     * Adds to this rank's sums what all members have summed up over their heads, member by member: several may have summed up the same key
     * head.
     *
     * @param sums over this rank's heads, if it has some
     */
    void collect(GradientSums mine, GradientSums sums, int hop) {
        for (int member = 0; member < grid.members() && grid.members() > 1; member++) {
            HeadShare theirs = share(member);
            for (int i = 0; i < mine.parts().size() && !theirs.isEmpty(); i++) {
                Part all = mine.parts().get(i);
                Part into = Heads.of(all.buffer().operand(), theirs).of(all);
                if (into.rows() == 0) {
                    continue;
                }
                if (member == grid.member(rank)) {
                    Buffer here = sums.parts().get(i).buffer();
                    mine.add(rowsOf(here, rank, partition(here.operand())), into, sums.ready());
                } else {
                    Part from = writer.buffer(all.buffer().operand(), into.rows(), into.heads())
                            .all();
                    int peer = rank(member);
                    mine.add(from, into, List.of(writer.receive(from, peer, hop, 0, List.of(), sameNode(peer))));
                }
            }
        }
    }
}
