package org.ringwood.attention.schedule;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.schedule.Circulation.Lane;
import org.ringwood.attention.schedule.Circulation.Move;
import org.ringwood.kernels.Chunk;

/**
 * Writes how one rank sums up gradients while rows circulate. Those of a block are summed up apart, so that what others have summed up may
 * still be under way meanwhile; then the two are added and go on, or home, where they are added to the rank's own.
 *
 * <p>Sums of blocks take turns in the same memory, as blocks do. What is received takes turns in one piece of memory for sums that are passed on, and
 * in another for those that have come home.
 */
final class GradientWriter {
    private final Grid grid;
    private final Circulation circulation;
    private final BlockWriter blocks;
    private final Differentiation differentiation;
    private final GradientSums home;
    private final int firstHop;
    private final int group;
    private final int member;
    private final PlanWriter writer;
    /** The groups whose blocks get gradients here. */
    private final Set<Integer> sources;

    private final Map<Lane, List<Slot>> slots = new EnumMap<>(Lane.class);
    private final Map<Integer, Held> held = new HashMap<>();
    private final Incoming passing;
    private final Incoming arriving;

    /** Memory for the sums of a block, and the last steps that use it. */
    private static final class Slot {
        private final List<Integer> memory;
        private List<Integer> last = List.of();

        Slot(List<Integer> memory) {
            this.memory = memory;
        }
    }

    /** A block, and the sums of its gradients. */
    private record Held(Block block, GradientSums sums, Slot slot) {}

    /** Memory for what others have summed up, and the last steps that read it. */
    private static final class Incoming {
        private final List<Integer> memory;
        private List<Integer> readers = List.of();

        Incoming(List<Integer> memory) {
            this.memory = memory;
        }
    }

    /**
     * A rank's part.
     *
     * @param home sums of the gradients of its rows
     * @param firstHop hop from which rows circulate
     */
    GradientWriter(
            Grid grid,
            Circulation circulation,
            int rank,
            BlockWriter blocks,
            Differentiation differentiation,
            GradientSums home,
            int firstHop,
            PlanWriter writer) {
        this.grid = grid;
        this.circulation = circulation;
        this.blocks = blocks;
        this.differentiation = differentiation;
        this.home = home;
        this.firstHop = firstHop;
        this.group = grid.group(rank);
        this.member = grid.member(rank);
        this.writer = writer;
        this.sources = circulation.returns(group).stream().map(Move::source).collect(Collectors.toSet());
        this.passing = new Incoming(newMemory());
        this.arriving = new Incoming(newMemory());
        held.put(group, new Held(blocks.own(), home, new Slot(List.of())));
    }

    private List<Integer> newMemory() {
        return home.parts().stream().map(_ -> writer.slot()).toList();
    }

    /** Circulates the blocks, and brings the gradients home. */
    void circulate() {
        Map<Integer, List<Move>> rows = byHop(circulation.receives(group));
        Map<Integer, List<Move>> received = byHop(circulation.returned(group));
        Map<Integer, List<Move>> sent = byHop(circulation.returns(group));
        blocks.begin(block -> differentiation.add(block, home));
        for (int hop = 0; hop < circulation.returnHops(); hop++) {
            rows.getOrDefault(hop, List.of()).forEach(move -> blocks.pass(move, block -> differentiate(move, block)));
            received.getOrDefault(hop, List.of()).forEach(this::receive);
            sent.getOrDefault(hop + 1, List.of()).forEach(this::send);
        }
    }

    private Held held(int source) {
        return Objects.requireNonNull(held.get(source));
    }

    private static Map<Integer, List<Move>> byHop(List<Move> moves) {
        return moves.stream().collect(Collectors.groupingBy(Move::hop));
    }

    private List<Integer> differentiate(Move move, Block block) {
        if (!sources.contains(move.source())) {
            // Nobody up to here attends it.
            return List.of();
        }
        Slot slot = nextSlot(move.lane());
        List<Part> parts = buffers(slot.memory, block.rows().size());
        Held of = new Held(block, new GradientSums(parts, slot.last, writer), slot);
        slot.last = List.of();
        held.put(move.source(), of);
        return differentiation.add(block, of.sums);
    }

    private Slot nextSlot(Lane lane) {
        List<Slot> ofLane = slots.computeIfAbsent(lane, l -> new ArrayList<>());
        ofLane.add(ofLane.size() < circulation.blocks(lane) ? new Slot(newMemory()) : ofLane.removeFirst());
        return ofLane.getLast();
    }

    private List<Part> buffers(List<Integer> memory, long rows) {
        return IntStream.range(0, memory.size())
                .mapToObj(i -> {
                    Part like = home.parts().get(i);
                    Buffer buffer = writer.buffer(like.buffer().operand(), memory.get(i), rows, like.heads());
                    return buffer.all();
                })
                .toList();
    }

    private void receive(Move move) {
        Held of = held(move.source());
        Incoming incoming = move.source() == group ? arriving : passing;
        List<Part> parts = buffers(incoming.memory, move.rows().size());
        List<Chunk> runs = move.rows().chunks();
        List<Integer> free = incoming.readers;
        int peer = grid.rank(move.from(), member);
        long index = 0;
        int begin = 0;
        long begun = 0;
        List<Integer> received = new ArrayList<>();
        for (int range = 0; range < runs.size(); range++) {
            for (Part part : parts) {
                Part rows = Block.rows(part, index, runs.get(range).length());
                received.add(writer.receive(rows, peer, firstHop + move.hop(), move.firstRange() + range, free, false));
            }
            index += runs.get(range).length();
            if (range + 1 == runs.size() || !of.block.adjoin(runs.get(range), runs.get(range + 1))) {
                // Runs that lie side by side here and in the block are added at once.
                List<Part> from = rows(parts, begun, index - begun);
                of.sums.add(from, rows(of.sums.parts(), of.block.index(runs.get(begin)), index - begun), received);
                begin = range + 1;
                begun = index;
                received.clear();
            }
        }
        incoming.readers = of.sums.ready();
    }

    private static List<Part> rows(List<Part> parts, long first, long count) {
        return parts.stream().map(part -> Block.rows(part, first, count)).toList();
    }

    private void send(Move move) {
        Held of = held(move.source());
        int peer = grid.rank(move.to(), member);
        List<Integer> last = new ArrayList<>(of.slot.last);
        for (int range = 0; range < move.rows().chunks().size(); range++) {
            Chunk run = move.rows().chunks().get(range);
            for (Part part : of.sums.parts()) {
                last.add(writer.send(
                        of.block.rows(part, run),
                        peer,
                        firstHop + move.hop(),
                        move.firstRange() + range,
                        of.sums.ready()));
            }
        }
        of.slot.last = List.copyOf(last);
    }
}
