package org.ringwood.runtime.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.job.JobFile;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** What names a job on the command line. */
final class JobOptions {
    @Parameters(index = "0", paramLabel = "JOB.yaml", description = "Job file.")
    private Path file = Path.of("");

    @Mixin
    private SettingOptions settings = new SettingOptions();

    Path file() {
        return file;
    }

    List<String> settings() {
        return settings.settings();
    }

    boolean verbose() {
        return settings.verbose();
    }

    /** What a worker is given to read the same job. */
    List<String> arguments() {
        List<String> arguments = new ArrayList<>();
        arguments.add(file.toString());
        arguments.addAll(settings());
        return arguments;
    }

    /** The job, read and checked. */
    Job read() {
        return JobFile.read(file, settings(), System.getenv());
    }
}
