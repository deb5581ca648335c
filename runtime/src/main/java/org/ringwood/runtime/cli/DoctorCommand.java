package org.ringwood.runtime.cli;

import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.ringwood.kernels.cpu.CpuKernels;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.survey.Survey;
import org.ringwood.runtime.worker.Seat;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Tells what works on this machine, or on all machines of a cluster. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Tells what works on this machine, and how to mend what does not.")
final class DoctorCommand implements Callable<Integer> {
    @Option(
            names = "--cluster",
            description =
                    "Started once or more on every machine, by srun, mpirun or ringwood exec: rank 0 shows a line a machine.")
    private boolean cluster;

    @Option(
            names = "--wait",
            paramLabel = "SECONDS",
            description = "How long the ranks of --cluster may take to come together; 60 if not given.")
    private int seconds = 60;

    @Override
    public Integer call() {
        List<Finding> findings = Doctor.examine();
        return (cluster ? survey(findings) : report(findings, System.out)).code();
    }

    private ExitStatus survey(List<Finding> findings) {
        if (seconds < 1) {
            throw new InputException("--wait " + seconds + " is no time to come together: give at least 1 second");
        }
        Seat seat = Seat.of(System.getenv())
                .orElseThrow(() -> new InputException(
                        "doctor --cluster was started by no launcher, or for one rank alone: start it on every machine, such as"
                                + " srun --ntasks-per-node=1 ringwood doctor --cluster"));
        return Survey.run(
                seat,
                Duration.ofSeconds(seconds),
                CpuKernels.vectors(),
                findings.stream()
                        .filter(finding -> !finding.works())
                        .map(Finding::subject)
                        .toList(),
                System.out::print,
                sentence -> System.err.println("ringwood: " + sentence));
    }

    private static ExitStatus report(List<Finding> findings, PrintStream out) {
        ExitStatus status = ExitStatus.DONE;
        for (Finding finding : findings) {
            out.println(finding);
            if (!finding.works() && finding.essential()) {
                status = ExitStatus.BAD_INPUT;
            }
        }
        return status;
    }
}
