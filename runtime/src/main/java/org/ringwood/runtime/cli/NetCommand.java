package org.ringwood.runtime.cli;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.net.NetBench;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.worker.NetProcess;
import org.ringwood.runtime.worker.NetTask;
import org.ringwood.runtime.worker.Seat;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures the links between ranks, without attention. */
@Command(
        name = "net",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Measures the links themselves in the columns of nccl-tests: each pair of nodes, and the collectives, on every transport.",
            "Under srun, mpirun or ringwood exec: between the ranks that were started; else between workers of this machine."
        })
final class NetCommand implements Callable<Integer>, Verbose {
    private final Class<?> worker;

    @Option(names = "-n", paramLabel = "N", description = "Workers of this machine; 2 if not given.")
    private int workers = 2;

    @Option(
            names = "--transport",
            split = ",",
            paramLabel = "NAME",
            description = "Transports to measure, such as shm,aeron; all that reach the ranks if not given.")
    private List<Job.Transport> transports = List.of();

    @Option(
            names = {"-b", "--minbytes"},
            paramLabel = "BYTES",
            description = "Smallest size; 1024 if not given.")
    private long from = 1024;

    @Option(
            names = {"-e", "--maxbytes"},
            paramLabel = "BYTES",
            description = "Largest size; 16777216 if not given.")
    private long to = 16 << 20;

    @Option(
            names = {"-f", "--stepfactor"},
            paramLabel = "N",
            description = "From size to size; 16 if not given.")
    private int factor = 16;

    @Option(
            names = {"-w", "--warmup_iters"},
            paramLabel = "N",
            description = "Exchanges before measuring; 5 if not given.")
    private int warmup = 5;

    @Option(
            names = {"-i", "--iters"},
            paramLabel = "N",
            description = "Measured exchanges at most, fewer on slow links; 20 if not given.")
    private int iterations = 20;

    @Mixin
    private MeasuringOptions options = new MeasuringOptions();

    NetCommand(Class<?> worker) {
        this.worker = worker;
    }

    @Override
    public boolean verbose() {
        return options.verbose();
    }

    @Override
    public Integer call() throws Exception {
        return run().code();
    }

    private ExitStatus run() throws InterruptedException {
        if (from < Float.BYTES || to < from || factor < 2 || warmup < 1 || iterations < 1 || workers < 1) {
            throw new InputException(
                    "sizes go from 4 bytes or more up by a factor of 2 or more, and workers, warm-up and"
                            + " iterations are 1 or more: check -b, -e, -f, -n, -w and -i");
        }
        NetTask task = new NetTask(
                transports,
                new NetBench.Sizes(from, to, factor, warmup, iterations),
                options.settings(),
                options.out());
        Optional<Seat> seat = Seat.of(System.getenv());
        return seat.isPresent() ? NetProcess.run(seat.get(), task, options.verbose()) : onThisMachine(task);
    }

    private ExitStatus onThisMachine(NetTask task) throws InterruptedException {
        boolean threads = transports.isEmpty() || transports.contains(Job.Transport.INPROCESS);
        List<Job.Transport> ofProcesses = transports.stream()
                .filter(transport -> transport != Job.Transport.INPROCESS)
                .toList();
        ExitStatus status = threads ? NetProcess.runThreads(task, workers, options.verbose()) : ExitStatus.DONE;
        if (status != ExitStatus.DONE || (!transports.isEmpty() && ofProcesses.isEmpty())) {
            return status;
        }
        return new LocalJob(
                        worker,
                        BenchCommand.arguments("net", task.with(ofProcesses).arguments()),
                        workers,
                        Optional.empty(),
                        task.job().timeouts(),
                        options.verbose())
                .run();
    }
}
