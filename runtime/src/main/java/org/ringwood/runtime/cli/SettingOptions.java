package org.ringwood.runtime.cli;

import java.util.List;
import picocli.CommandLine.Option;

/** What every command takes that is told its work by keys and values. */
final class SettingOptions {
    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description =
                    "Gives a key another value: of a job file (attention.schedule=ring), of a sweep file (iterations=5), or of"
                            + " how the ranks of bench net meet and wait (network.interface=ib0); may be repeated.")
    private List<String> settings = List.of();

    @Option(names = "--verbose", description = "Show stack traces and logs if something fails.")
    private boolean verbose;

    List<String> settings() {
        return settings;
    }

    boolean verbose() {
        return verbose;
    }
}
