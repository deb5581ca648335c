package org.ringwood.collectives;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.ringwood.collectives.Operation.BorrowedTransfer;
import org.ringwood.collectives.Operation.Transfer;

/** Random messages between random ranks, which every rank sends, receives and releases in an order of its own. */
final class RandomTraffic {
    private record Message(int from, int to, int hop, int tag, int bytes, long seed) {
        boolean touches(int rank) {
            return from == rank || to == rank;
        }
    }

    private record Receipt(Transfer transfer, MemorySegment into, long seed) {
        /** Checks and gives back what has come; false if nothing has. */
        boolean checked() {
            if (!transfer.isDone()) {
                return false;
            }
            if (transfer instanceof BorrowedTransfer borrowed) {
                Payloads.assertPayload(borrowed.payload(), seed);
                borrowed.release();
            } else {
                Payloads.assertPayload(into, seed);
            }
            return true;
        }
    }

    private static final int MESSAGES = 150;
    private static final int OPERATIONS = 3;

    private final long seed;
    private final List<List<Message>> operations = new ArrayList<>();

    RandomTraffic(int ranks, long seed) {
        this.seed = seed;
        Random random = new Random(seed);
        for (int i = 0; i < OPERATIONS; i++) {
            List<Message> messages = new ArrayList<>();
            for (int tag = 0; ranks > 1 && tag < MESSAGES; tag++) {
                int from = random.nextInt(ranks);
                int to = (from + 1 + random.nextInt(ranks - 1)) % ranks;
                int bytes = random.nextInt(1 << random.nextInt(18));
                messages.add(new Message(from, to, random.nextInt(4), tag, bytes, random.nextLong()));
            }
            operations.add(messages);
        }
    }

    void run(ProcessGroup group) {
        Random order = new Random(seed + group.rank());
        for (List<Message> all : operations) {
            try (Operation operation = group.begin("random traffic")) {
                exchange(group, operation, all, order);
            }
        }
    }

    private static void exchange(ProcessGroup group, Operation operation, List<Message> all, Random order) {
        List<Message> own = new ArrayList<>(
                all.stream().filter(m -> m.touches(group.rank())).toList());
        Collections.shuffle(own, order);
        Deque<Message> toStart = new ArrayDeque<>(own);
        List<Receipt> open = new ArrayList<>();
        group.await(new ProcessGroup.Wait() {
            @Override
            public boolean done() {
                for (int burst = order.nextInt(6); burst > 0 && !toStart.isEmpty(); burst--) {
                    start(group, operation, toStart.pop(), order, open);
                }
                Collections.shuffle(open, order);
                open.removeIf(receipt -> order.nextBoolean() && receipt.checked());
                return toStart.isEmpty() && open.isEmpty();
            }

            @Override
            public String describe() {
                return "random traffic";
            }
        });
    }

    private static void start(
            ProcessGroup group, Operation operation, Message message, Random order, List<Receipt> open) {
        if (message.from == group.rank()) {
            operation.send(
                    message.to, message.hop, message.tag, Payloads.of(message.seed, message.bytes), message.bytes);
        } else if (order.nextBoolean()) {
            Transfer transfer = operation.borrow(message.from, message.hop, message.tag, message.bytes, message.bytes);
            open.add(new Receipt(transfer, MemorySegment.NULL, message.seed));
        } else {
            MemorySegment into = MemorySegment.ofArray(new byte[message.bytes]);
            Transfer transfer = operation.receive(message.from, message.hop, message.tag, into, message.bytes);
            open.add(new Receipt(transfer, into, message.seed));
        }
    }
}
