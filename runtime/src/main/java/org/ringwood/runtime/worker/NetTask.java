package org.ringwood.runtime.worker;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.job.JobFile;
import org.ringwood.runtime.net.NetBench;

/**
 * A measurement of links as the command line names it.
 *
 * @param transports to measure; empty for all that reach the ranks
 * @param sizes what is sent
 * @param settings {@code KEY=VALUE} of a job file's keys that say how ranks meet and wait
 * @param out directory of the measurements, if they are kept
 */
public record NetTask(List<Job.Transport> transports, NetBench.Sizes sizes, List<String> settings, Optional<Path> out) {
    private static final int FIXED = 7;

    /** Copies the lists. */
    public NetTask {
        transports = List.copyOf(transports);
        settings = List.copyOf(settings);
    }

    /** A job that meets and waits as this task is to. */
    public Job job() {
        return JobFile.parse(
                "input: {random: {tokens: 1, heads: 1, dim: 1}}", Path.of("bench-net"), settings, System.getenv());
    }

    /** The same for some transports only. */
    public NetTask with(List<Job.Transport> some) {
        return new NetTask(some, sizes, settings, out);
    }

    /** As arguments of a process, for {@link #of}. */
    public List<String> arguments() {
        List<String> arguments = new ArrayList<>(List.of(
                Long.toString(sizes.from()),
                Long.toString(sizes.to()),
                Integer.toString(sizes.factor()),
                Integer.toString(sizes.warmup()),
                Integer.toString(sizes.iterations()),
                out.map(Path::toString).orElse(""),
                String.join(",", transports.stream().map(Job.Transport::name).toList())));
        arguments.addAll(settings);
        return arguments;
    }

    /** Reads what {@link #arguments} wrote. */
    public static NetTask of(List<String> arguments) {
        NetBench.Sizes sizes = new NetBench.Sizes(
                Long.parseLong(arguments.get(0)),
                Long.parseLong(arguments.get(1)),
                Integer.parseInt(arguments.get(2)),
                Integer.parseInt(arguments.get(3)),
                Integer.parseInt(arguments.get(4)));
        List<Job.Transport> transports = arguments.get(6).isEmpty()
                ? List.of()
                : List.of(arguments.get(6).split(",", -1)).stream()
                        .map(Job.Transport::valueOf)
                        .toList();
        return new NetTask(
                transports,
                sizes,
                arguments.subList(FIXED, arguments.size()),
                Optional.of(arguments.get(5)).filter(text -> !text.isEmpty()).map(Path::of));
    }
}
