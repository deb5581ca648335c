package org.ringwood.runtime.worker;

import java.io.PrintStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.runtime.cluster.Coordination;
import org.ringwood.runtime.cluster.Member;
import org.ringwood.runtime.net.LinkMeasurement;
import org.ringwood.runtime.outcome.Build;
import org.ringwood.runtime.sweep.Provenance;
import org.ringwood.runtime.sweep.RunFiles;
import org.ringwood.runtime.sweep.ThisMachine;

/** Rank 0's account of a measurement of links: a table like that of nccl-tests, and files if they are wanted. */
final class NetRecord implements AutoCloseable {
    private final PrintStream out;
    private final Optional<RunFiles<LinkMeasurement>> files;
    private String heading = "";

    private NetRecord(PrintStream out, Optional<RunFiles<LinkMeasurement>> files) {
        this.out = out;
        this.files = files;
    }

    static NetRecord create(
            NetTask task, String run, ProcessGroup group, Coordination coordination, Surroundings around) {
        Optional<RunFiles<LinkMeasurement>> files =
                task.out().map(directory -> RunFiles.create(directory, run, LinkMeasurement.class));
        files.ifPresent(of -> of.explain(provenance(run, group, coordination, around)));
        return new NetRecord(around.out(), files);
    }

    private static Provenance provenance(
            String run, ProcessGroup group, Coordination coordination, Surroundings around) {
        List<Provenance.Rank> ranks = new ArrayList<>();
        for (Member member : coordination.members()) {
            ranks.add(new Provenance.Rank(
                    member.rank(), group.topology().nodes().get(member.rank()), member.host(), member.pid(), "none"));
        }
        return new Provenance(
                Provenance.SCHEMA,
                "net",
                run,
                "net",
                "The links themselves",
                "none",
                "",
                Build.version(),
                Build.commit(),
                Instant.now().toString(),
                around.emulated(),
                around.launcher(),
                ThisMachine.describe(),
                ranks,
                Map.of());
    }

    void add(LinkMeasurement link) {
        String next = link.operation() + ", " + link.transport() + ", "
                + (link.between().equals("all") ? "all " + link.ranks() + " ranks" : link.between());
        if (!next.equals(heading)) {
            heading = next;
            out.println("# " + heading);
            out.println("#      size        count   type  redop        time    algbw    busbw  #wrong");
            out.println("#       (B)   (elements)                      (us)   (GB/s)   (GB/s)");
        }
        out.printf(
                Locale.ROOT,
                "%11d %12d %6s %6s %11.1f %8.4f %8.4f %7d%n",
                link.sizeBytes(),
                link.count(),
                link.dtype(),
                link.redop(),
                link.timeUs(),
                link.algbwGbS(),
                link.busbwGbS(),
                link.wrong());
        out.flush();
        files.ifPresent(of -> of.add(link));
    }

    /** What is wrong with a measurement, if anything is. */
    static Optional<String> violation(LinkMeasurement link) {
        return link.wrong() == 0
                ? Optional.empty()
                : Optional.of(link.wrong() + " elements of " + link.operation() + " over " + link.transport() + " ("
                        + link.between() + ") arrived wrong: test the memory and the network of the nodes");
    }

    @Override
    public void close() {
        files.ifPresent(RunFiles::close);
    }
}
