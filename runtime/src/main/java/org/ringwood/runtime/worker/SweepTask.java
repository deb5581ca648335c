package org.ringwood.runtime.worker;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.ringwood.runtime.sweep.Pending;
import org.ringwood.runtime.sweep.Results;
import org.ringwood.runtime.sweep.Sweep;
import org.ringwood.runtime.sweep.SweepFile;

/**
 * A sweep as the command line names it.
 *
 * @param file sweep file
 * @param settings {@code KEY=VALUE} that win over it
 * @param out directory of the measurements
 * @param resume whether what is there already is not measured again
 */
public record SweepTask(Path file, List<String> settings, Path out, boolean resume) {
    private static final String RESUME = "resume";
    private static final int FIXED = 3;

    /** The sweep, read and checked. */
    public Sweep read() {
        return SweepFile.read(file, settings, System.getenv());
    }

    /** What is to be measured. */
    public Pending pending(Sweep sweep) {
        boolean nothingThere = !resume || !out.toFile().isDirectory();
        return Pending.of(sweep, nothingThere ? Map.of() : Results.read(out).done());
    }

    /** As arguments of a process, for {@link #of}. */
    public List<String> arguments() {
        List<String> arguments = new ArrayList<>(List.of(file.toString(), out.toString(), resume ? RESUME : "afresh"));
        arguments.addAll(settings);
        return arguments;
    }

    /** Reads what {@link #arguments} wrote. */
    public static SweepTask of(List<String> arguments) {
        return new SweepTask(
                Path.of(arguments.get(0)),
                arguments.subList(FIXED, arguments.size()),
                Path.of(arguments.get(1)),
                arguments.get(2).equals(RESUME));
    }
}
