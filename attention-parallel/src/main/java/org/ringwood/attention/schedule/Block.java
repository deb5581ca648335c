package org.ringwood.attention.schedule;

import java.util.Collection;
import java.util.List;
import org.ringwood.attention.Ranges;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.schedule.HeadExchange.Gathered;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Positions;

/** Some rows of a group that circulate, where one rank has them. */
final class Block {
    private final List<Part> parts;
    private final Ranges rows;
    private final Positions positions;
    private final List<List<Integer>> ready;
    /** Of every range the first row among those of the block. */
    private final long[] firsts;

    /**
     * A block.
     *
     * @param parts a part for every operand that circulates
     * @param rows of the source's shard, which lie side by side
     * @param positions of the rows
     * @param ready for every range of the rows the steps that bring it
     */
    Block(List<Part> parts, Ranges rows, Positions positions, List<List<Integer>> ready) {
        this.parts = parts;
        this.rows = rows;
        this.positions = positions;
        this.ready = ready;
        this.firsts = new long[rows.chunks().size()];
        for (int range = 1; range < firsts.length; range++) {
            firsts[range] = firsts[range - 1] + rows.chunks().get(range - 1).length();
        }
    }

    /**
     * All rows of a group, where it has them.
     *
     * @param operands what circulates
     * @param positions of the rows
     */
    static Block of(Collection<Gathered> operands, Positions positions) {
        List<Integer> ready =
                operands.stream().flatMap(operand -> operand.ready().stream()).toList();
        return new Block(
                operands.stream().map(Gathered::part).toList(),
                Ranges.of(0, positions.rows()),
                positions,
                List.of(ready));
    }

    List<Part> parts() {
        return parts;
    }

    Ranges rows() {
        return rows;
    }

    Positions positions() {
        return positions;
    }

    /** The steps that bring all of it. */
    List<Integer> ready() {
        return ready.stream().flatMap(List::stream).toList();
    }

    /** The steps that bring a run of the source's rows, all of which are in one range of the block. */
    List<Integer> ready(Chunk run) {
        return ready.get(range(run));
    }

    /** A run of the source's rows, all of which are in one range of the block, in a part that has the block's rows. */
    Part rows(Part part, Chunk run) {
        return rows(part, index(run), run.length());
    }

    /** Where among the block's rows such a run begins. */
    long index(Chunk run) {
        int range = range(run);
        return firsts[range] + run.from() - rows.chunks().get(range).from();
    }

    /** Whether the one run's rows lie right before the other's. */
    boolean adjoin(Chunk run, Chunk next) {
        return index(run) + run.length() == index(next);
    }

    /** {@code count} rows of a part from its {@code first} one on. */
    static Part rows(Part part, long first, long count) {
        long from = part.fromRow() + first;
        return new Part(part.buffer(), from, from + count, part.fromHead(), part.toHead());
    }

    private int range(Chunk run) {
        int low = 0;
        int high = firsts.length - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (rows.chunks().get(middle).to() <= run.from()) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
