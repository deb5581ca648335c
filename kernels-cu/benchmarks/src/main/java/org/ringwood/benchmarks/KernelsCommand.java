package org.ringwood.benchmarks;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.ringwood.benchmarks.measure.KernelBench;
import org.ringwood.benchmarks.measure.Measurement;
import org.ringwood.benchmarks.peer.Peer;
import org.ringwood.benchmarks.report.Disturbance;
import org.ringwood.benchmarks.report.KernelTable;
import org.ringwood.benchmarks.report.Machine;
import org.ringwood.benchmarks.report.MarkedFile;
import org.ringwood.benchmarks.workload.CaseTable;
import org.ringwood.benchmarks.workload.KernelCase;
import org.ringwood.benchmarks.workload.Turn;
import org.ringwood.benchmarks.workload.Workload;
import org.ringwood.benchmarks.workload.WorkloadText;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Measures the attention kernels of the CPU. */
@Command(
        name = "kernels",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        description = {
            "Measures the attention kernels of the CPU beside the machine's ceilings and beside libtorch and ONNX Runtime,"
                    + " and compares all results.",
            ""
        })
final class KernelsCommand implements Callable<Integer> {
    /** Exit code if a result differs from the oracle, as in all of Ringwood. */
    private static final int VERIFICATION_FAILED = 3;

    private static final double QUICK_SECONDS = 2;
    private static final double SECONDS = 4;
    private static final double LEAST_SECONDS = 0.5;
    private static final double MOST_SECONDS = 3600;
    /** What the system itself needs now and then. */
    private static final double QUIET_CORES = 0.1;

    private static final double GIBI = 1 << 30;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--quick", description = "One case of each kind only.")
    private boolean quick;

    @Option(
            names = "--threads",
            split = ",",
            paramLabel = "N",
            description =
                    "Numbers of threads for every case, such as 1,2; otherwise some cases run on 1, all on all cores.")
    private List<Integer> threads = new ArrayList<>();

    @Option(
            names = "--only",
            paramLabel = "REGEX",
            description = "Only cases whose name has a part that matches, such as dtype=bf16.")
    private String only = "";

    @Option(
            names = "--shape",
            paramLabel = "SHAPE",
            converter = ShapeConverter.class,
            description = {
                "A case of your own instead of the table's; may be repeated. For instance",
                "rows=2049,keys=4096,heads=8/2,dim=80,dimv=64,dtype=bf16,mask=causal,items=2,layout=thd.",
                "rows and dim must be told. dtype: f32, f16 or bf16; mask: full, causal, window:WIDTH, documents:COUNT or"
                        + " causal-documents:COUNT; layout: htd or thd; pass: forward or backward; dropout: a rate."
            })
    private List<Workload> shapes = new ArrayList<>();

    @Option(
            names = "--seconds-per-case",
            paramLabel = "S",
            description = "How long the rounds of a case last; 4 if not given, 2 with --quick.")
    private @Nullable Double seconds;

    @Option(names = "--no-peers", description = "Measures without libtorch and ONNX Runtime.")
    private boolean withoutPeers;

    @Option(
            names = "--markdown",
            paramLabel = "FILE",
            description = "Writes the table to a file, too; in one that exists, between the lines '" + MarkedFile.BEGIN
                    + "' and '" + MarkedFile.END + "'.")
    private @Nullable Path markdown;

    @Override
    public Integer call() throws IOException {
        double secondsPerCase;
        List<Turn> turns;
        Optional<MarkedFile> file;
        try {
            secondsPerCase = secondsPerCase();
            turns = turns();
            file = Optional.ofNullable(markdown).map(MarkedFile::open);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(Objects.requireNonNull(spec).commandLine(), String.valueOf(e.getMessage()));
        }
        StringBuilder text = new StringBuilder();
        boolean exact = measure(turns, secondsPerCase, lines -> {
            text.append(lines).append('\n');
            System.out.println(lines);
        });
        if (file.isPresent()) {
            file.get().write(text.toString());
        }
        return exact ? 0 : VERIFICATION_FAILED;
    }

    private boolean measure(List<Turn> turns, double secondsPerCase, Consumer<String> out) {
        List<Peer> peers = withoutPeers
                ? List.of()
                : ServiceLoader.load(Peer.class).stream()
                        .map(ServiceLoader.Provider::get)
                        .toList();
        KernelTable table = new KernelTable(peers.stream().map(Peer::name).toList());
        out.accept(title(peers) + "\n\n" + table.head());
        boolean exact = true;
        Disturbance disturbance = new Disturbance();
        try (KernelBench bench = new KernelBench(peers, secondsPerCase)) {
            for (Turn turn : turns) {
                Measurement measured = bench.measure(turn.subject(), turn.threads());
                out.accept(table.row(measured));
                exact &= measured.exact();
            }
        }
        out.accept("");
        disturbance.cores().ifPresent(cores -> out.accept(busy(cores)));
        table.notes().forEach(note -> out.accept("* " + note + "."));
        return exact;
    }

    private List<Turn> turns() {
        List<KernelCase> cases = shapes.isEmpty()
                ? quick ? CaseTable.quick() : CaseTable.complete()
                : shapes.stream()
                        .map(KernelCase::of)
                        .map(KernelCase::withEachCount)
                        .toList();
        List<Turn> turns = Turn.of(cases, only, threads, Runtime.getRuntime().availableProcessors());
        turns.forEach(turn -> requireMemory(turn.subject()));
        return turns;
    }

    private static void requireMemory(KernelCase subject) {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        double needed = KernelBench.bytes(subject);
        if (needed > system.getTotalMemorySize()) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "%s needs %.1f GiB of tensors, this machine has %.1f GiB of memory; make it smaller",
                    subject.workload(),
                    needed / GIBI,
                    system.getTotalMemorySize() / GIBI));
        }
    }

    private double secondsPerCase() {
        double given = seconds != null ? seconds : quick ? QUICK_SECONDS : SECONDS;
        if (!(given >= LEAST_SECONDS && given <= MOST_SECONDS)) {
            throw new IllegalArgumentException("--seconds-per-case " + given + " is not within " + LEAST_SECONDS
                    + " to " + MOST_SECONDS + ": nothing is warm in less, and nobody waits for more");
        }
        return given;
    }

    private static String title(List<Peer> peers) {
        StringBuilder title = new StringBuilder("Measured on ")
                .append(LocalDate.now(ZoneId.systemDefault()))
                .append(": ")
                .append(Machine.describe());
        try (Device device = Devices.open(Devices.Kind.CPU, 1)) {
            title.append(", Ringwood ")
                    .append(Version.commit())
                    .append(" (")
                    .append(device.description().replaceFirst(", 1 thread$", ""))
                    .append(')');
        }
        peers.forEach(peer -> title.append(", ").append(peer.name()).append(' ').append(peer.version()));
        return title.append('.').toString();
    }

    private static String busy(double cores) {
        return String.format(Locale.ROOT, "* Others kept %.1f cores busy meanwhile", cores)
                + (cores < QUIET_CORES ? "." : ": figures of a quiet machine differ.");
    }

    /** Reads a workload from the command line. */
    static final class ShapeConverter implements ITypeConverter<Workload> {
        @Override
        public Workload convert(String text) {
            try {
                return WorkloadText.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
