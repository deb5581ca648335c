package org.ringwood.runtime.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What every command takes that measures. */
final class MeasuringOptions {
    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Where measurements are kept, for ringwood plot; any number of runs may share it.")
    private @Nullable Path out;

    @Mixin
    private SettingOptions settings = new SettingOptions();

    Optional<Path> out() {
        return Optional.ofNullable(out);
    }

    List<String> settings() {
        return settings.settings();
    }

    boolean verbose() {
        return settings.verbose();
    }
}
