package org.ringwood.runtime.report;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.ringwood.attention.AttentionShape;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.runtime.job.Job;

/**
 * What {@code report.json} says, version 1.
 *
 * @param schema version of this format, 1
 * @param version of Ringwood
 * @param commit of Ringwood's source
 * @param job the job file with every default and every {@code auto} resolved
 * @param shape sizes of the attention, all items of a batch together
 * @param batch items
 * @param emulated whether a network or a device was emulated, so that times mean little
 * @param auto what {@code auto} chose, and why
 * @param schedules one a schedule, in the order of the job
 * @param ranks totals of each rank
 */
public record Report(
        int schema,
        String version,
        String commit,
        Map<String, Object> job,
        AttentionShape shape,
        int batch,
        boolean emulated,
        List<Choice> auto,
        List<Schedule> schedules,
        List<Rank> ranks) {

    private static final int SCHEMA = 1;

    /**
     * What {@code auto} chose.
     *
     * @param key of the job file
     * @param value what was chosen
     * @param because why
     */
    public record Choice(String key, String value, String because) {}

    /**
     * One schedule.
     *
     * @param schedule its name
     * @param partition who owned which tokens
     * @param seconds of the slowest rank
     * @param pairs (row, head) pairs that were compared with the oracle
     * @param error of the output; null if nothing was compared
     * @param lseError of the log-sum-exp; null if nothing was compared
     * @param ranks what it took of each rank
     */
    public record Schedule(
            String schedule,
            String partition,
            double seconds,
            long pairs,
            @Nullable Deviation error,
            @Nullable Deviation lseError,
            List<ScheduleRank> ranks) {}

    /**
     * A distance from the oracle.
     *
     * @param maxAbs largest absolute difference
     * @param bound what it may be
     */
    public record Deviation(double maxAbs, double bound) {
        /** Whether the difference is within its bound; that it is no number counts as no. */
        public boolean holds() {
            return maxAbs <= bound;
        }
    }

    /**
     * One schedule on one rank.
     *
     * @param seconds {@code total} from begin to end, {@code compute} of it with a kernel queued or running, {@code wait} of it
     *     without, and {@code verify} after it
     * @param peakTensorBytes largest sum of tensors held at once in memory of the host
     * @param peakDeviceBytes largest sum of tensors held at once in memory of the device, if it has its own
     */
    public record ScheduleRank(
            int rank,
            Map<String, Double> seconds,
            BytesSent bytesSent,
            long hops,
            long messages,
            long peakTensorBytes,
            long peakDeviceBytes,
            long flops) {}

    /** Payload bytes. */
    public record BytesSent(long withinNode, long acrossNodes) {
        /** All of them. */
        public long total() {
            return withinNode + acrossNodes;
        }
    }

    /**
     * Totals of one rank: sums over the schedules, of {@code peakTensorBytes} and {@code peakDeviceBytes} the largest.
     *
     * @param seconds of {@code load}, {@code compute}, {@code wait}, {@code verify} and {@code write}
     */
    public record Rank(
            int rank,
            String host,
            long pid,
            String device,
            int threads,
            Map<String, Double> seconds,
            BytesSent bytesSent,
            long hops,
            long messages,
            long peakTensorBytes,
            long peakDeviceBytes,
            long flops) {}

    /**
     * What is known of a job besides what its ranks tell.
     *
     * @param version of Ringwood
     * @param commit of Ringwood's source
     * @param job resolved
     * @param shape sizes, all items together
     * @param batch items
     * @param emulated whether a network or a device was emulated
     * @param auto what {@code auto} chose, and why
     */
    public record Facts(
            String version,
            String commit,
            Job job,
            AttentionShape shape,
            int batch,
            boolean emulated,
            List<Choice> auto) {}

    /**
     * Puts together what all ranks tell.
     *
     * @param told one a rank, each with the same schedules
     */
    public static Report of(Facts facts, List<RankReport> told) {
        List<RankReport> ranks =
                told.stream().sorted(Comparator.comparingInt(RankReport::rank)).toList();
        return new Report(
                SCHEMA,
                facts.version(),
                facts.commit(),
                JobTree.of(facts.job()),
                facts.shape(),
                facts.batch(),
                facts.emulated(),
                List.copyOf(facts.auto()),
                IntStream.range(0, ranks.getFirst().runs().size())
                        .mapToObj(run -> schedule(ranks, run))
                        .toList(),
                ranks.stream().map(Report::rank).toList());
    }

    private static Schedule schedule(List<RankReport> ranks, int index) {
        List<RankReport.Run> runs =
                ranks.stream().map(rank -> rank.runs().get(index)).toList();
        @Nullable
        Accuracy accuracy = runs.stream()
                .map(RankReport.Run::accuracy)
                .filter(Objects::nonNull)
                .reduce(Accuracy::and)
                .orElse(null);
        return new Schedule(
                runs.getFirst().schedule(),
                runs.getFirst().partition(),
                runs.stream().mapToDouble(RankReport.Run::seconds).max().orElse(0),
                accuracy == null ? 0 : accuracy.rows(),
                accuracy == null ? null : new Deviation(accuracy.outError(), accuracy.outBound()),
                accuracy == null ? null : new Deviation(accuracy.lseError(), accuracy.lseBound()),
                ranks.stream()
                        .map(rank -> scheduleRank(rank.rank(), rank.runs().get(index)))
                        .toList());
    }

    private static ScheduleRank scheduleRank(int rank, RankReport.Run run) {
        return new ScheduleRank(
                rank,
                seconds(
                        Map.entry("total", run.seconds()),
                        Map.entry("compute", run.computeSeconds()),
                        Map.entry("wait", run.waitSeconds()),
                        Map.entry("verify", run.verifySeconds())),
                new BytesSent(run.bytesWithinNode(), run.bytesAcrossNodes()),
                run.hops(),
                run.messages(),
                run.peakTensorBytes(),
                run.peakDeviceBytes(),
                run.flops());
    }

    private static long largest(RankReport told, ToLongFunction<RankReport.Run> figure) {
        return told.runs().stream().mapToLong(figure).max().orElse(0);
    }

    private static Rank rank(RankReport told) {
        return new Rank(
                told.rank(),
                told.host(),
                told.pid(),
                told.device(),
                told.threads(),
                seconds(
                        Map.entry("load", told.loadSeconds()),
                        Map.entry("compute", total(told, RankReport.Run::computeSeconds)),
                        Map.entry("wait", total(told, RankReport.Run::waitSeconds)),
                        Map.entry("verify", total(told, RankReport.Run::verifySeconds)),
                        Map.entry("write", told.writeSeconds())),
                new BytesSent(sum(told, RankReport.Run::bytesWithinNode), sum(told, RankReport.Run::bytesAcrossNodes)),
                sum(told, RankReport.Run::hops),
                sum(told, RankReport.Run::messages),
                largest(told, RankReport.Run::peakTensorBytes),
                largest(told, RankReport.Run::peakDeviceBytes),
                sum(told, RankReport.Run::flops));
    }

    /** A map that keeps its order; a record cannot have a component called wait. */
    @SafeVarargs
    private static Map<String, Double> seconds(Map.Entry<String, Double>... entries) {
        Map<String, Double> seconds = new LinkedHashMap<>();
        for (Map.Entry<String, Double> entry : entries) {
            seconds.put(entry.getKey(), entry.getValue());
        }
        return seconds;
    }

    private static double total(RankReport told, ToDoubleFunction<RankReport.Run> of) {
        return told.runs().stream().mapToDouble(of).sum();
    }

    private static long sum(RankReport told, ToLongFunction<RankReport.Run> of) {
        return told.runs().stream().mapToLong(of).reduce(0, (a, b) -> a > Long.MAX_VALUE - b ? Long.MAX_VALUE : a + b);
    }

    /**
     * Writes the report, whole or not at all.
     *
     * @throws org.ringwood.runtime.files.InputException if the file cannot be written
     */
    public void write(Path file) {
        JsonFormat.write(file, this);
    }

    /** One line a schedule, for the console. */
    public Table table() {
        Table table = new Table(
                Table.left("schedule"),
                Table.left("error (allowed)"),
                Table.right("sent a rank"),
                Table.right("hops"),
                Table.right("peak a rank"),
                Table.right("time"),
                Table.right("of it waiting"));
        for (Schedule schedule : schedules) {
            Deviation error = schedule.error();
            table.row(
                    schedule.schedule(),
                    error == null
                            ? "not verified"
                            : Quantity.error(error.maxAbs()) + " (" + Quantity.error(error.bound()) + ")",
                    Quantity.bytes(most(schedule, rank -> rank.bytesSent().total())),
                    Long.toString(most(schedule, ScheduleRank::hops)),
                    Quantity.bytes(most(schedule, ScheduleRank::peakTensorBytes)),
                    Quantity.seconds(schedule.seconds()),
                    Quantity.seconds(schedule.ranks().stream()
                            .mapToDouble(rank -> rank.seconds().getOrDefault("wait", 0.0))
                            .max()
                            .orElse(0)));
        }
        return table;
    }

    private static long most(Schedule schedule, ToLongFunction<ScheduleRank> of) {
        return schedule.ranks().stream().mapToLong(of).max().orElse(0);
    }
}
