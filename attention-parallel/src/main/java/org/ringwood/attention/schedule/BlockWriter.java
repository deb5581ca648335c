package org.ringwood.attention.schedule;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.schedule.Circulation.Lane;
import org.ringwood.attention.schedule.Circulation.Move;
import org.ringwood.attention.schedule.HeadExchange.Gathered;
import org.ringwood.kernels.Chunk;

/**
 * Writes how one rank takes part in the circulation of rows: sends its own, receives block after block into slots that take turns, works
 * with each, and sends on what others still need.
 *
 * <p>A block that is received waits until the former block in its slot was worked with and sent on. One that is read in place
 * takes no slot and waits for the former's work alone, which keeps a rank from running ahead; were it to wait for the
 * former's being sent on, ranks that lend memory to each other around the ring would wait for each other for ever.
 */
final class BlockWriter {
    private final Grid grid;
    private final Circulation circulation;
    private final Side side;
    private final List<Gathered> gathered;
    private final Block own;
    private final int firstHop;
    private final int group;
    private final int member;
    private final PlanWriter writer;
    private final Map<Integer, List<Move>> sends;
    private final Map<Lane, List<Slot>> slots = new EnumMap<>(Lane.class);

    private static final class Slot {
        /** One for every operand. */
        private final List<Integer> memory;
        /** What was in the slot is read by these, and by all that come before them. */
        private List<Integer> readers = List.of();

        private final List<Integer> sends = new ArrayList<>();

        Slot(List<Integer> memory) {
            this.memory = memory;
        }
    }

    /**
     * A rank's part in a circulation.
     *
     * @param side whose rows circulate
     * @param gathered the rank's own rows, for every operand that circulates
     * @param firstHop hop from which they do
     */
    BlockWriter(
            Grid grid,
            Circulation circulation,
            int rank,
            Side side,
            List<Gathered> gathered,
            int firstHop,
            PlanWriter writer) {
        this.grid = grid;
        this.circulation = circulation;
        this.side = side;
        this.gathered = gathered;
        this.firstHop = firstHop;
        this.group = grid.group(rank);
        this.member = grid.member(rank);
        this.writer = writer;
        this.sends = circulation.sends(group).stream().collect(Collectors.groupingBy(Move::source));
        this.own = Block.of(gathered, grid.positions(side, group));
    }

    /** The rank's own block. */
    Block own() {
        return own;
    }

    /**
     * Circulates.
     *
     * @param work what is done with each block, beginning with the rank's own; gives the steps that read it
     */
    void circulate(Function<Block, List<Integer>> work) {
        begin(work);
        circulation.receives(group).forEach(move -> pass(move, work));
    }

    /** Sends the rank's own block and works with it. */
    void begin(Function<Block, List<Integer>> work) {
        send(own, sends.getOrDefault(group, List.of()));
        List<Integer> _ = work.apply(own);
    }

    /** Receives a block, sends it on and works with it. */
    void pass(Move move, Function<Block, List<Integer>> work) {
        Slot slot = nextSlot(move.lane());
        boolean inPlace = circulation.inPlace(move, member);
        Block block = receive(move, slot, inPlace);
        List<Integer> sent = send(block, sends.getOrDefault(move.source(), List.of()));
        List<Integer> readers = work.apply(block);
        slot.readers = readers.isEmpty() ? slot.readers : readers;
        if (!inPlace) {
            slot.sends.addAll(sent);
        }
    }

    private Slot nextSlot(Lane lane) {
        List<Slot> ofLane = slots.computeIfAbsent(lane, l -> new ArrayList<>());
        ofLane.add(ofLane.size() < circulation.blocks(lane) ? newSlot() : ofLane.removeFirst());
        return ofLane.getLast();
    }

    private Slot newSlot() {
        return new Slot(gathered.stream().map(_ -> writer.slot()).toList());
    }

    private Block receive(Move move, Slot slot, boolean inPlace) {
        List<Part> parts = IntStream.range(0, gathered.size())
                .mapToObj(i -> {
                    Part mine = gathered.get(i).part();
                    Buffer buffer = writer.buffer(
                            mine.buffer().operand(),
                            slot.memory.get(i),
                            move.rows().size(),
                            mine.heads());
                    return buffer.all();
                })
                .toList();
        List<Integer> after = new ArrayList<>(slot.readers);
        if (!inPlace) {
            after.addAll(slot.sends);
            slot.sends.clear();
        }
        List<List<Integer>> ready = new ArrayList<>();
        int peer = grid.rank(move.from(), member);
        int hop = firstHop + move.hop();
        long index = 0;
        for (int range = 0; range < move.rows().chunks().size(); range++) {
            long length = move.rows().chunks().get(range).length();
            // Later ranges wait for the slot by way of the first: else steps would have as many dependencies as ranges.
            List<Integer> free = range == 0 ? List.copyOf(after) : ready.getFirst();
            List<Integer> received = new ArrayList<>();
            for (Part part : parts) {
                Part rows = Block.rows(part, index, length);
                received.add(writer.receive(rows, peer, hop, move.firstRange() + range, free, inPlace));
            }
            ready.add(List.copyOf(received));
            index += length;
        }
        return new Block(parts, move.rows(), grid.positions(side, move.source(), move.rows()), List.copyOf(ready));
    }

    private List<Integer> send(Block block, List<Move> moves) {
        List<Integer> sent = new ArrayList<>();
        for (Move move : moves) {
            int peer = grid.rank(move.to(), member);
            int hop = firstHop + move.hop();
            for (int range = 0; range < move.rows().chunks().size(); range++) {
                Chunk chunk = move.rows().chunks().get(range);
                for (Part part : block.parts()) {
                    Part rows = block.rows(part, chunk);
                    sent.add(writer.send(rows, peer, hop, move.firstRange() + range, block.ready(chunk)));
                }
            }
        }
        return sent;
    }
}
