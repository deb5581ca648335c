package org.ringwood.runtime.slurm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A batch script that is about to be submitted. */
final class Submission {
    private final TestCluster cluster;
    private final String script;
    private final List<String> options = new ArrayList<>();
    private final Map<String, String> environment = new HashMap<>();

    Submission(TestCluster cluster, String script) {
        this.cluster = cluster;
        this.script = script;
    }

    /** Further options of sbatch. */
    Submission with(String... more) {
        options.addAll(List.of(more));
        return this;
    }

    /** A variable of the shell that submits. */
    Submission where(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    /**
     * Submits it with a job file.
     *
     * @param name of the job, its file and its log
     * @param settings of the command
     */
    BatchJob job(String name, String file, String... settings) throws IOException, InterruptedException {
        Files.writeString(cluster.jobs().resolve(name + ".yaml"), file);
        Path log = cluster.jobs().resolve(name + ".log");
        List<String> command = new ArrayList<>(List.of("sbatch", "--parsable", "--output=" + name + ".log"));
        command.addAll(options);
        command.add(cluster.home().resolve("slurm").resolve(script).toString());
        command.add(name + ".yaml");
        for (String setting : settings) {
            command.addAll(List.of("--set", setting));
        }
        String id = cluster.run(environment, command.toArray(String[]::new)).requireSuccess();
        return new BatchJob(cluster, id, log);
    }
}
