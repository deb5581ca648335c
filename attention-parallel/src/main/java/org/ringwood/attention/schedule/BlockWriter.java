package org.ringwood.attention.schedule;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.ringwood.attention.Ranges;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.schedule.Circulation.Lane;
import org.ringwood.attention.schedule.Circulation.Move;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Positions;

/**
 * Writes how one rank takes part in the circulation of keys and values: sends its own, receives block after block into slots that
 * take turns, attends each, and sends on what others still need.
 *
 * <p>A block that is received waits until the former block in its slot was attended and sent on. One that is read in place
 * takes no slot and waits for the former's attention alone, which keeps a rank from running ahead; were it to wait for the
 * former's being sent on, ranks that lend memory to each other around the ring would wait for each other for ever.
 */
final class BlockWriter {
    private final Grid grid;
    private final Circulation circulation;
    private final int group;
    private final int member;
    private final PlanWriter writer;
    private final Map<Lane, List<Slot>> slots = new EnumMap<>(Lane.class);

    /**
     * Keys and values of some rows of a group.
     *
     * @param rows of the source's shard, which lie side by side
     * @param ready for every range of the rows the steps that bring it
     */
    private record Block(Part keys, Part values, Ranges rows, Positions positions, List<List<Integer>> ready) {
        List<Integer> allReady() {
            return ready.stream().flatMap(List::stream).toList();
        }
    }

    private static final class Slot {
        private final int keys;
        private final int values;
        /** What was in the slot is read by these, and by all that come before them. */
        private List<Integer> attends = List.of();

        private final List<Integer> sends = new ArrayList<>();

        Slot(PlanWriter writer) {
            keys = writer.slot();
            values = writer.slot();
        }
    }

    BlockWriter(Grid grid, Circulation circulation, int rank, PlanWriter writer) {
        this.grid = grid;
        this.circulation = circulation;
        this.group = grid.group(rank);
        this.member = grid.member(rank);
        this.writer = writer;
    }

    void circulate(HeadExchange exchange, Accumulation states) {
        Map<Integer, List<Move>> sends = circulation.sends(group).stream().collect(Collectors.groupingBy(Move::source));
        Block own = own(exchange);
        send(own, sends.getOrDefault(group, List.of()), exchange.hops());
        states.attend(own.keys, own.values, own.positions, own.allReady());
        for (Move move : circulation.receives(group)) {
            Slot slot = nextSlot(move.lane());
            boolean inPlace = circulation.inPlace(move, member);
            Block block = receive(move, slot, exchange, inPlace);
            List<Integer> sent = send(block, sends.getOrDefault(move.source(), List.of()), exchange.hops());
            List<Integer> attends = states.attend(block.keys, block.values, block.positions, block.allReady());
            slot.attends = attends.isEmpty() ? slot.attends : attends;
            if (!inPlace) {
                slot.sends.addAll(sent);
            }
        }
    }

    private Block own(HeadExchange exchange) {
        List<Integer> ready = new ArrayList<>(exchange.keys().ready());
        ready.addAll(exchange.values().ready());
        Positions positions = grid.keys(group);
        Ranges rows = Ranges.of(List.of(new Chunk(0, positions.rows())));
        return new Block(exchange.keys().part(), exchange.values().part(), rows, positions, List.of(ready));
    }

    private Slot nextSlot(Lane lane) {
        List<Slot> ofLane = slots.computeIfAbsent(lane, l -> new ArrayList<>());
        ofLane.add(ofLane.size() < circulation.blocks(lane) ? new Slot(writer) : ofLane.removeFirst());
        return ofLane.getLast();
    }

    private Block receive(Move move, Slot slot, HeadExchange exchange, boolean inPlace) {
        long rows = move.rows().size();
        int heads = exchange.share().keyHeads();
        Buffer keys = writer.buffer(Operand.KEYS, slot.keys, rows, heads);
        Buffer values = writer.buffer(Operand.VALUES, slot.values, rows, heads);
        List<Integer> after = new ArrayList<>(slot.attends);
        if (!inPlace) {
            after.addAll(slot.sends);
            slot.sends.clear();
        }
        List<List<Integer>> ready = new ArrayList<>();
        List<Chunk> positions = new ArrayList<>();
        int peer = grid.rank(move.from(), member);
        int hop = exchange.hops() + move.hop();
        long index = 0;
        for (int range = 0; range < move.rows().chunks().size(); range++) {
            Chunk chunk = move.rows().chunks().get(range);
            long end = index + chunk.length();
            // Later ranges wait for the slot by way of the first: else steps would have as many dependencies as ranges.
            List<Integer> free = range == 0 ? after : ready.getFirst();
            int key = writer.receive(
                    keys.rows(index, end), peer, hop, move.firstRange() + range, List.copyOf(free), inPlace);
            int value = writer.receive(
                    values.rows(index, end), peer, hop, move.firstRange() + range, List.copyOf(free), inPlace);
            ready.add(List.of(key, value));
            positions.addAll(
                    grid.keys(move.source()).slice(chunk.from(), chunk.to()).chunks());
            index = end;
        }
        return new Block(keys.all(), values.all(), move.rows(), Positions.of(positions), List.copyOf(ready));
    }

    private List<Integer> send(Block block, List<Move> moves, int firstHop) {
        List<Integer> sent = new ArrayList<>();
        for (Move move : moves) {
            int peer = grid.rank(move.to(), member);
            int hop = firstHop + move.hop();
            int within = 0;
            long index = 0;
            for (int range = 0; range < move.rows().chunks().size(); range++) {
                Chunk chunk = move.rows().chunks().get(range);
                while (block.rows.chunks().get(within).to() <= chunk.from()) {
                    index += block.rows.chunks().get(within++).length();
                }
                long first =
                        index + chunk.from() - block.rows.chunks().get(within).from();
                List<Integer> ready = block.ready.get(within);
                sent.add(writer.send(
                        rows(block.keys, first, chunk.length()), peer, hop, move.firstRange() + range, ready));
                sent.add(writer.send(
                        rows(block.values, first, chunk.length()), peer, hop, move.firstRange() + range, ready));
            }
        }
        return sent;
    }

    private static Part rows(Part part, long first, long count) {
        return new Part(part.buffer(), first, first + count, part.fromHead(), part.toHead());
    }
}
