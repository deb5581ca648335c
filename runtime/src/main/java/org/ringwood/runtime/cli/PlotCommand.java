package org.ringwood.runtime.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.ringwood.runtime.plot.Page;
import org.ringwood.runtime.sweep.Results;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Draws what was measured into a directory. */
@Command(
        name = "plot",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description =
                "Draws the measurements of a directory, of any number of runs: index.html and an SVG file a figure.")
final class PlotCommand implements Callable<Integer>, Verbose {
    @Parameters(index = "0", paramLabel = "DIR", description = "What ringwood bench --out named.")
    private Path directory = Path.of("");

    @Option(names = "--verbose", description = "Show stack traces if something fails.")
    private boolean verbose;

    @Override
    public boolean verbose() {
        return verbose;
    }

    @Override
    public Integer call() {
        Page page = Page.of(Results.read(directory));
        page.notes().forEach(note -> System.err.println("note: " + note));
        System.out.println(page.write(directory));
        return 0;
    }
}
