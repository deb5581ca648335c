package org.ringwood.runtime.cli;

import java.io.PrintStream;
import java.util.concurrent.Callable;
import org.ringwood.runtime.outcome.ExitStatus;
import picocli.CommandLine.Command;

/** Tells what works on this machine. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Tells what works on this machine, and how to mend what does not.")
final class DoctorCommand implements Callable<Integer> {
    @Override
    public Integer call() {
        return report(System.out).code();
    }

    private static ExitStatus report(PrintStream out) {
        ExitStatus status = ExitStatus.DONE;
        for (Finding finding : Doctor.examine()) {
            out.println(finding);
            if (!finding.works() && finding.essential()) {
                status = ExitStatus.BAD_INPUT;
            }
        }
        return status;
    }
}
