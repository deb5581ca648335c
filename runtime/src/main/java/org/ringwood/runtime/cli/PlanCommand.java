package org.ringwood.runtime.cli;

import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import org.ringwood.attention.plan.Prediction;
import org.ringwood.attention.schedule.Choice;
import org.ringwood.attention.schedule.CostModel;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.pool.CpuList;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.job.Inputs;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.planning.Cores;
import org.ringwood.runtime.planning.Planner;
import org.ringwood.runtime.report.Quantity;
import org.ringwood.runtime.report.Table;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Tells what each schedule would cost, and which one auto takes; starts nothing. */
@Command(
        name = "plan",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Tells what each schedule of a job would cost and which one auto takes; starts nothing.")
final class PlanCommand implements Callable<Integer>, Verbose {
    @Mixin
    private JobOptions options = new JobOptions();

    @Option(
            names = "--nodes",
            paramLabel = "N",
            description = "Machines that the workers are spread over; 1 if not given.")
    private int nodes = 1;

    @Override
    public boolean verbose() {
        return options.verbose();
    }

    @Override
    public Integer call() {
        Job job = options.read();
        try (Inputs inputs = Inputs.open(job)) {
            Topology topology = topology(job);
            List<CpuList> unknown = Collections.nCopies(topology.size(), CpuList.NONE);
            int threads = Cores.of(job, topology, 0, unknown).threads();
            Planner planner = new Planner(inputs.shape(), inputs.mask(), topology, CostModel.cpu(threads));
            if (job.workers().isEmpty()) {
                System.out.println("workers is auto; this is the plan for 1, and --set workers=N plans for N");
            }
            print(
                    inputs,
                    topology,
                    planner.choose(Job.Schedule.AUTO, job.attention().partition()));
        }
        return 0;
    }

    /** Ranks fill one machine after the other, as launchers do. */
    private Topology topology(Job job) {
        int ranks = job.workers().orElse(1);
        if (nodes < 1 || nodes > ranks) {
            throw new InputException("--nodes " + nodes + " does not fit " + ranks + " workers: give 1 to " + ranks
                    + ", or more workers with --set workers=N");
        }
        return new Topology(IntStream.range(0, ranks)
                .mapToObj(rank -> "node" + (long) rank * nodes / ranks)
                .toList());
    }

    private static void print(Inputs inputs, Topology topology, Choice choice) {
        Table table = new Table(
                Table.left("schedule"),
                Table.left("partition"),
                Table.right("sent a rank"),
                Table.right("across nodes"),
                Table.right("hops"),
                Table.right("peak a rank"),
                Table.right("busiest/mean"),
                Table.right("predicted"));
        for (Choice.Candidate candidate : best(choice)) {
            List<Prediction> ranks = candidate.plan().predictions();
            table.row(
                    candidate.schedule().name(),
                    candidate.partition().toString(),
                    Quantity.bytes(most(ranks, rank -> rank.traffic().bytes())),
                    Quantity.bytes(most(ranks, rank -> rank.traffic().bytesAcrossNodes())),
                    Long.toString(most(ranks, rank -> rank.traffic().hops())),
                    Quantity.bytes(candidate.peakTensorBytes()),
                    String.format(
                            java.util.Locale.ROOT, "%.2f", candidate.plan().imbalance()),
                    Quantity.seconds(candidate.seconds()));
        }
        System.out.println(inputs.shape() + " on " + topology.size() + " workers");
        System.out.print(table);
        System.out.println("auto takes " + choice.reason());
    }

    /** Of each schedule its fastest partition. */
    private static List<Choice.Candidate> best(Choice choice) {
        return choice.candidates().stream()
                .map(candidate -> candidate.schedule().name())
                .distinct()
                .map(name -> choice.candidates().stream()
                        .filter(candidate -> candidate.schedule().name().equals(name))
                        .min(Comparator.comparingDouble(Choice.Candidate::seconds))
                        .orElseThrow())
                .toList();
    }

    private static long most(List<Prediction> ranks, ToLongFunction<Prediction> of) {
        return ranks.stream().mapToLong(of).max().orElse(0);
    }
}
