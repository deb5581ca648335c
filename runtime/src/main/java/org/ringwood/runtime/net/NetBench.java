package org.ringwood.runtime.net;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.ringwood.collectives.ProcessGroup;

/**
 * Measures the links of a group as nccl-tests do: pairs of ranks that send to each other, one pair for every two nodes, and the
 * collectives that attention uses. Every size is checked, element by element, with fresh numbers after the measured iterations.
 */
public final class NetBench {
    private static final Duration ENOUGH = Duration.ofMillis(500);

    private final ProcessGroup group;
    private final String run;
    private final String transport;
    private final Sizes sizes;

    /**
     * What is sent.
     *
     * @param from bytes, at least those of an element
     * @param to bytes, not below {@code from}
     * @param factor from one size to the next, at least 2
     * @param warmup exchanges that are not measured
     * @param iterations that are, at most: slow links make fewer
     */
    public record Sizes(long from, long to, int factor, int warmup, int iterations) {
        List<Long> all() {
            List<Long> all = new ArrayList<>();
            for (long size = from; size <= to; size = Math.multiplyExact(size, factor)) {
                all.add(size);
            }
            return all;
        }
    }

    /**
     * @param run name of the run
     * @param transport that carries the group
     */
    public NetBench(ProcessGroup group, String run, String transport, Sizes sizes) {
        this.group = group;
        this.run = run;
        this.transport = transport;
        this.sizes = sizes;
    }

    /**
     * Measures everything; every rank calls it.
     *
     * @param each hears of every measurement, on every rank
     */
    public void measure(Consumer<LinkMeasurement> each) {
        pairs().forEach((between, to) -> series(
                "sendrecv", "none", between, 2, bytes -> new Exchange.SendReceive(group, to, whole(bytes, 1)), each));
        if (group.size() > 1) {
            series(
                    "all_gather",
                    "none",
                    "all",
                    group.size(),
                    bytes -> new Exchange.AllGather(group, part(bytes)),
                    each);
            series("all_to_all", "none", "all", group.size(), bytes -> new Exchange.AllToAll(group, part(bytes)), each);
            series(
                    "all_reduce",
                    "max",
                    "all",
                    group.size(),
                    bytes -> new Exchange.AllReduce(group, whole(bytes, 1)),
                    each);
        }
    }

    /** Whom the two ranks of each pair send to: the first ranks of two nodes, or the first two ranks of the only node. */
    private Map<String, int[]> pairs() {
        List<String> ranks = group.topology().nodes();
        List<String> nodes = ranks.stream().distinct().toList();
        Map<String, int[]> pairs = new LinkedHashMap<>();
        if (nodes.size() == 1 && ranks.size() > 1) {
            pairs.put("within " + nodes.getFirst(), pair(0, 1));
        }
        for (int a = 0; a < nodes.size(); a++) {
            for (int b = a + 1; b < nodes.size(); b++) {
                pairs.put(
                        nodes.get(a) + " and " + nodes.get(b),
                        pair(ranks.indexOf(nodes.get(a)), ranks.indexOf(nodes.get(b))));
            }
        }
        return pairs;
    }

    private int[] pair(int a, int b) {
        int[] to = new int[group.size()];
        Arrays.fill(to, -1);
        to[a] = b;
        to[b] = a;
        return to;
    }

    private long part(long bytes) {
        return whole(bytes, group.size()) / group.size();
    }

    /** At least one element for each of some parts. */
    private static long whole(long bytes, int parts) {
        long unit = (long) Exchange.ELEMENT_BYTES * parts;
        return Math.max(1, bytes / unit) * unit;
    }

    private void series(
            String operation,
            String redop,
            String between,
            int ranks,
            LongFunction<Exchange> exchanges,
            Consumer<LinkMeasurement> each) {
        int allNodes = group.topology().nodeCount();
        int nodes = between.equals("all") ? allNodes : Math.min(2, allNodes);
        for (long size : sizes.all()) {
            try (Exchange exchange = exchanges.apply(size)) {
                Timing timing = Timing.of(group, exchange, sizes.warmup(), sizes.iterations(), ENOUGH);
                long wrong = check(exchange);
                double rate = exchange.sizeBytes() / timing.seconds() / 1e9;
                each.accept(new LinkMeasurement(
                        run,
                        transport,
                        operation,
                        between,
                        ranks,
                        nodes,
                        exchange.sizeBytes(),
                        exchange.sizeBytes() / Exchange.ELEMENT_BYTES,
                        "f32",
                        redop,
                        timing.iterations(),
                        timing.seconds() * 1e6,
                        rate,
                        rate * exchange.busFactor(),
                        wrong));
            }
        }
    }

    private long check(Exchange exchange) {
        // Nobody may still be reading what is filled anew.
        group.barrier();
        exchange.fill();
        group.barrier();
        exchange.once();
        return Figures.sum(group, exchange.wrong());
    }
}
