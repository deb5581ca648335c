package org.ringwood.runtime.cli;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.ringwood.attention.Weights;
import org.ringwood.attention.plan.Placement;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Prediction;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.schedule.Choice;
import org.ringwood.attention.schedule.CostModel;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Space;
import org.ringwood.kernels.pool.CpuList;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.job.Inputs;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.job.Speeds;
import org.ringwood.runtime.planning.Cores;
import org.ringwood.runtime.planning.MemoryNeed;
import org.ringwood.runtime.planning.Planner;
import org.ringwood.runtime.planning.Rate;
import org.ringwood.runtime.planning.SlurmRequest;
import org.ringwood.runtime.report.Quantity;
import org.ringwood.runtime.report.Table;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Tells what each schedule would cost, which one auto takes, and what to ask Slurm for; starts nothing. */
@Command(
        name = "plan",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description =
                "Tells what each schedule of a job would cost, which one auto takes, how much memory a worker needs and what to"
                        + " ask Slurm for; starts nothing.",
        sortOptions = false)
final class PlanCommand implements Callable<Integer>, Verbose {
    @Mixin
    private JobOptions options = new JobOptions();

    @Option(
            names = "--nodes",
            paramLabel = "N",
            description = "Machines that the workers are spread over; 1 if not given.")
    private int nodes = 1;

    @Option(
            names = "--workers",
            paramLabel = "W",
            description =
                    "Workers on all machines together; if not given, as many as the job says, else one a machine.")
    private @Nullable Integer workers;

    @Option(
            names = "--cores",
            paramLabel = "C",
            description = "Cores of a machine, which its workers share; those of this one if not given.")
    private @Nullable Integer cores;

    @Option(
            names = "--gflops",
            paramLabel = "G",
            description =
                    "What a worker computes in attention, in 10^9 operations a second; 100 a thread if not given.")
    private @Nullable Double gflops;

    @Option(
            names = "--link",
            paramLabel = "RATE",
            description = "A network card between machines, such as 25GB/s or 200Gb/s; 1GB/s if not given.")
    private @Nullable String link;

    @Option(
            names = "--cards",
            paramLabel = "K",
            description = "Network cards of a machine, which its workers share; 1 if not given.")
    private int cards = 1;

    @Option(
            names = "--link-within",
            paramLabel = "RATE",
            description = "What goes from worker to worker within a machine; 5GB/s if not given.")
    private @Nullable String linkWithin;

    @Override
    public boolean verbose() {
        return options.verbose();
    }

    @Override
    public Integer call() {
        Job job = options.read();
        try (Inputs inputs = Inputs.open(job)) {
            Topology topology = topology(job);
            job.requireFits(topology.size());
            Weights speeds = speeds(job, topology.size());
            int threads = threads(job, topology);
            CostModel model = model(threads);
            Choice choice = new Planner(inputs.shape(), inputs.mask(), topology, speeds, model)
                    .choose(Job.Schedule.AUTO, job.attention().partition());
            System.out.println(inputs.shape() + " on " + topology.size() + " workers" + where(topology));
            System.out.println("transport: " + job.transport());
            System.out.println(assumptions(model, speeds));
            System.out.print(table(choice, speeds));
            System.out.println("auto takes " + choice.reason());
            System.out.print(explain(job, speeds, choice));
            MemoryNeed memory = memory(job, topology, choice);
            System.out.println(explain(memory));
            System.out.print(explainDevices(job, topology, choice));
            SlurmRequest request =
                    new SlurmRequest(nodes, topology.size(), threads, memory.total(), gpusPerNode(job, topology));
            System.out.println(
                    "sbatch " + request.flags() + " slurm/attention.sbatch " + command(job, topology.size()));
        }
        return 0;
    }

    /** The job as it was given, and the number of workers where the file says another. */
    private String command(Job job, int ranks) {
        List<String> words = new ArrayList<>(List.of(options.file().toString()));
        options.settings().forEach(setting -> words.addAll(List.of("--set", setting)));
        if (job.workers().orElse(ranks) != ranks) {
            words.addAll(List.of("--set", "workers=" + ranks));
        }
        return words.stream().map(PlanCommand::quoted).collect(Collectors.joining(" "));
    }

    private static String quoted(String word) {
        return word.matches("[\\w./:=,@%+-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }

    private Topology topology(Job job) {
        int ranks = workers == null ? job.workers().orElse(nodes) : workers;
        if (nodes < 1 || nodes > ranks) {
            throw new InputException("--nodes " + nodes + " does not fit " + ranks + " workers: give 1 to " + ranks
                    + ", or more workers with --workers W");
        }
        return Topology.spread(ranks, nodes);
    }

    private static String where(Topology topology) {
        List<Integer> sizes = topology.ranksByNode().stream()
                .map(List::size)
                .distinct()
                .sorted()
                .toList();
        int machines = topology.ranksByNode().size();
        String each =
                sizes.size() == 1 ? sizes.getFirst() + " each" : sizes.getFirst() + " or " + sizes.getLast() + " each";
        return machines == 1 ? " of one machine" : " of " + machines + " machines, " + each;
    }

    private int threads(Job job, Topology topology) {
        if (cores == null) {
            List<CpuList> unknown = Collections.nCopies(topology.size(), CpuList.NONE);
            return Cores.of(job, topology, 0, unknown).threads();
        }
        if (cores < 1) {
            throw new InputException("--cores " + cores + ": a machine has at least one");
        }
        int sharing = topology.ranksByNode().getFirst().size();
        return job.threads().orElse(Math.max(1, cores / sharing));
    }

    private CostModel model(int threads) {
        CostModel usual = CostModel.cpu(threads);
        try {
            return new CostModel(
                    gflops == null ? usual.flopsPerSecond() : gflops * 1e9,
                    linkWithin == null
                            ? usual.bytesPerSecondWithin()
                            : Rate.parse(linkWithin).bytesPerSecond(),
                    link == null
                            ? usual.bytesPerSecondAcross()
                            : Rate.parse(link).bytesPerSecond(),
                    cards,
                    usual.latencySeconds());
        } catch (IllegalArgumentException refused) {
            throw new InputException("--gflops and --cards: " + refused.getMessage(), refused);
        }
    }

    /** Those that the job gives; what is measured is not known before the job runs. */
    private static Weights speeds(Job job, int ranks) {
        return job.speeds() instanceof Speeds.Given(Weights weights) ? weights : Weights.equal(ranks);
    }

    private static String explain(Job job, Weights speeds, Choice choice) {
        if (job.speeds() instanceof Speeds.Measured) {
            return "speeds: measured when the job begins, here taken for equal; list them to plan for others, such as"
                    + " --set 'speeds=[1, 4]'\n";
        }
        if (speeds.areEqual()) {
            return "";
        }
        Choice.Candidate first =
                taken(job.attention().schedules().getFirst(), choice).best();
        boolean keys = first.schedule().replicatesQueries();
        Plan plan = first.plan();
        String rows = IntStream.range(0, plan.ranks())
                .mapToObj(rank -> keys ? plan.keyPositions(rank) : plan.queryPositions(rank))
                .map(positions -> Long.toString(positions.rows()))
                .collect(Collectors.joining(", "));
        return "speeds: " + speeds + "; with " + first + " the workers have " + rows
                + (keys ? " keys\n" : " queries\n");
    }

    private static int gpusPerNode(Job job, Topology topology) {
        return topology.ranksByNode().stream()
                .mapToInt(ranks -> (int) ranks.stream()
                        .filter(rank -> job.device(rank) == Devices.Kind.CUDA)
                        .count())
                .max()
                .orElse(0);
    }

    private static String assumptions(CostModel model, Weights speeds) {
        return String.format(
                Locale.ROOT,
                "predicted for %.0f GFLOP/s "
                        + (speeds.areEqual() ? "a worker" : "of the slowest worker")
                        + ", %s within a machine, %d x %s across, %s a message",
                model.flopsPerSecond() / 1e9,
                new Rate(model.bytesPerSecondWithin()),
                model.cards(),
                new Rate(model.bytesPerSecondAcross()),
                Quantity.seconds(model.latencySeconds()));
    }

    private static Table table(Choice choice, Weights speeds) {
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
                    String.format(Locale.ROOT, "%.2f", candidate.plan().imbalance(speeds)),
                    Quantity.seconds(candidate.seconds()));
        }
        return table;
    }

    /** Of each schedule what a job that names it takes, the fastest first. */
    private static List<Choice.Candidate> best(Choice choice) {
        return choice.candidates().stream()
                .map(candidate -> candidate.schedule().name())
                .distinct()
                .map(name -> choice.among(name).best())
                .sorted(Comparator.comparingDouble(Choice.Candidate::seconds))
                .toList();
    }

    private static long most(List<Prediction> ranks, ToLongFunction<Prediction> of) {
        return ranks.stream().mapToLong(of).max().orElse(0);
    }

    private static Choice taken(Job.Schedule schedule, Choice choice) {
        return schedule == Job.Schedule.AUTO ? choice : choice.among(schedule.toString());
    }

    /** Of those schedules that the job runs the one that needs most. */
    private static MemoryNeed memory(Job job, Topology topology, Choice choice) {
        boolean aeron = topology.ranksByNode().size() > 1
                && Stream.of(Job.Transport.AUTO, Job.Transport.AERON).anyMatch(job.transport()::equals);
        return job.attention().schedules().stream()
                .map(schedule -> {
                    Plan plan = taken(schedule, choice).best().plan();
                    return aeron ? MemoryNeed.overAeron(plan) : MemoryNeed.of(plan);
                })
                .max(Comparator.comparingLong(MemoryNeed::total))
                .orElseThrow();
    }

    /** Where messages take memory of devices, what is packed for them lies there, too. */
    private static long deviceBytes(RankPlan plan) {
        return Stream.of(Space.values())
                .mapToLong(messages -> Placement.of(plan, Set.of(), messages).deviceBytes())
                .max()
                .orElseThrow();
    }

    /** What a GPU holds of the worst of the schedules, beside which its kernels may take some more. */
    private static String explainDevices(Job job, Topology topology, Choice choice) {
        long bytes = job.attention().schedules().stream()
                .map(schedule -> taken(schedule, choice).best().plan())
                .mapToLong(plan -> IntStream.range(0, topology.size())
                        .filter(rank -> job.device(rank) == Devices.Kind.CUDA)
                        .mapToLong(rank -> deviceBytes(plan.rank(rank)))
                        .max()
                        .orElse(0))
                .max()
                .orElse(0);
        if (bytes == 0) {
            return "";
        }
        String holds = "a GPU holds " + Quantity.bytes(bytes) + " of tensors at most for a worker";
        if (job.deviceMemory().isEmpty()) {
            return holds + "\n";
        }
        long allowed = job.deviceMemory().getAsLong();
        return holds + (bytes <= allowed ? ", of " : ", more than ") + Quantity.bytes(allowed)
                + " that deviceMemory allows"
                + (bytes <= allowed ? "\n" : ": give a worker fewer tokens, or allow more\n");
    }

    private static String explain(MemoryNeed memory) {
        String network = memory.network() == 0
                ? ""
                : ", " + Quantity.bytes(memory.network()) + " for what is under way between machines";
        return "a worker needs " + Quantity.bytes(memory.total()) + " of memory at most: "
                + Quantity.bytes(memory.tensors()) + " of tensors, about " + Quantity.bytes(memory.program())
                + " for the JVM" + network;
    }
}
