package org.ringwood.runtime.survey;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.ringwood.runtime.report.Quantity;
import org.ringwood.runtime.report.Table;
import org.ringwood.runtime.survey.Clocks.Reading;

/**
 * The hosts of a survey, a line each; a host that is unlike most of the others is marked, and a sentence says in what.
 *
 * @param hosts in the order of their first ranks
 */
record HostTable(List<Host> hosts) {
    private static final long SKEW_MICROS = 1_000_000;
    private static final String CUDA = "CUDA";
    private static final String MPI = "Open MPI";

    /**
     * A host.
     *
     * @param name that tells it from the others
     * @param ranks on it
     * @param facts of each of these ranks
     * @param clock compared with rank 0's host
     */
    record Host(String name, List<Integer> ranks, List<HostFacts> facts, Reading clock) {
        HostFacts first() {
            return facts.getFirst();
        }
    }

    @Override
    public String toString() {
        List<List<String>> oddities = hosts.stream().map(this::oddities).toList();
        Table table = new Table(
                Table.left(""),
                Table.left("host"),
                Table.left("ranks"),
                Table.left("JDK"),
                Table.left("CPU"),
                Table.right("cores a rank"),
                Table.right("memory"),
                Table.right("/dev/shm free"),
                Table.left("CUDA"),
                Table.left("Open MPI"),
                Table.left("listens at"),
                Table.right("clock ahead"),
                Table.right("round trip"));
        for (int i = 0; i < hosts.size(); i++) {
            Host host = hosts.get(i);
            HostFacts facts = host.first();
            table.row(
                    oddities.get(i).isEmpty() ? "✓" : "✗",
                    host.name,
                    ranges(host.ranks),
                    facts.jdk(),
                    facts.vectors(),
                    cores(host),
                    Quantity.bytes(facts.memory()),
                    Quantity.bytes(facts.sharedMemory()),
                    facts.has(CUDA) ? "yes" : "no",
                    facts.has(MPI) ? "yes" : "no",
                    facts.address() + " (" + facts.networkInterface() + ")",
                    i == 0 ? "" : milliseconds(host.clock.aheadMicros()),
                    i == 0 ? "" : milliseconds(host.clock.roundTripMicros()));
        }
        StringBuilder text = new StringBuilder(table.toString());
        oddities.stream()
                .flatMap(List::stream)
                .forEach(sentence -> text.append(sentence).append('\n'));
        return text.toString();
    }

    private static String milliseconds(long micros) {
        return String.format(Locale.ROOT, "%.1f ms", micros / 1000.0);
    }

    /** Those that this host's ranks may use, of all there are. */
    private static String cores(Host host) {
        int least = host.facts.stream().mapToInt(HostFacts::bound).min().orElse(0);
        int most = host.facts.stream().mapToInt(HostFacts::bound).max().orElse(0);
        return (least == most ? "" + least : least + "-" + most) + " of "
                + host.first().cores();
    }

    /** Such as {@code 0-3,6}. */
    private static String ranges(List<Integer> ranks) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < ranks.size(); i++) {
            int from = i;
            while (i + 1 < ranks.size() && ranks.get(i + 1) == ranks.get(i) + 1) {
                i++;
            }
            text.append(text.isEmpty() ? "" : ",").append(ranks.get(from));
            text.append(i == from ? "" : "-" + ranks.get(i));
        }
        return text.toString();
    }

    private List<String> oddities(Host host) {
        List<String> oddities = new ArrayList<>();
        addUnlike(oddities, host, "Ringwood", HostFacts::commit);
        addUnlike(oddities, host, "JDK", HostFacts::jdk);
        addUnlike(oddities, host, "CPU", HostFacts::vectors);
        for (String subject : subjects()) {
            addUnlike(oddities, host, subject, facts -> facts.has(subject) ? "there" : "missing");
        }
        long apart = Math.abs(host.clock.aheadMicros()) - host.clock.roundTripMicros() / 2;
        if (apart > SKEW_MICROS) {
            oddities.add(host.name + ": its clock is " + milliseconds(host.clock.aheadMicros())
                    + " ahead of rank 0's: times in logs and of files will not agree; run an NTP client on every host");
        }
        return oddities;
    }

    /** What is missing somewhere. */
    private TreeSet<String> subjects() {
        return hosts.stream()
                .flatMap(host -> host.first().missing().stream())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private void addUnlike(List<String> oddities, Host host, String subject, Function<HostFacts, String> of) {
        String usual = usual(of);
        String here = of.apply(host.first());
        if (!here.equals(usual)) {
            oddities.add(host.name + ": " + subject + " is " + here + " here, and " + usual
                    + " on most hosts: give all hosts the same");
        }
    }

    /** What most hosts have; of equally many what rank 0's host has. */
    private String usual(Function<HostFacts, String> of) {
        Map<String, Long> counts =
                hosts.stream().collect(Collectors.groupingBy(host -> of.apply(host.first()), Collectors.counting()));
        return hosts.stream()
                .map(host -> of.apply(host.first()))
                .max(Comparator.comparingLong((String value) -> counts.getOrDefault(value, 0L))
                        .thenComparing(
                                value -> value.equals(of.apply(hosts.getFirst().first()))))
                .orElseThrow();
    }
}
