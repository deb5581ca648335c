package org.ringwood.runtime.installation;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The classes of an installation as they are in memory (class data sharing): with them the many small JVMs of tests start in half the time. */
public final class ClassArchive {
    /** What they compute takes less than compiling it well. A JVM that finds no archive says nothing of that. */
    private static final List<String> QUICK =
            List.of("-XX:TieredStopAtLevel=1", "-Xmx256m", "-Xlog:cds=off", "-Xlog:cds+dynamic=off");

    private ClassArchive() {}

    /** Flags of a small JVM that takes the classes of an installation from its archive, if there is one. */
    public static List<String> flags(Path home) {
        return with("-XX:SharedArchiveFile=" + archive(home));
    }

    /**
     * Runs one rank that leaves its classes in an installation's archive.
     *
     * @param directory for the job
     */
    public static void create(Path home, Path directory) throws IOException, InterruptedException {
        Path job = Files.writeString(directory.resolve("classes.yaml"), """
                workers: 1
                attention: {schedule: ring}
                input: {random: {tokens: 16, heads: 1, kvHeads: 1, dim: 16}}
                """);
        Path said = directory.resolve("classes.txt");
        ProcessBuilder rank = new ProcessBuilder(home.resolve("ringwood").toString(), "run", job.toString())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile());
        Map<String, String> environment = rank.environment();
        environment.put("RINGWOOD_JAVA_HOME", System.getProperty("java.home"));
        environment.put("JAVA_TOOL_OPTIONS", String.join(" ", with("-XX:ArchiveClassesAtExit=" + archive(home))));
        try (ServerSocket free = new ServerSocket(0)) {
            environment.put("MASTER_PORT", Integer.toString(free.getLocalPort()));
        }
        environment.putAll(Map.of("RANK", "0", "WORLD_SIZE", "1", "LOCAL_RANK", "0", "MASTER_ADDR", "127.0.0.1"));
        environment.put("RINGWOOD_TOKEN", Base64.getEncoder().encodeToString(new byte[32]));
        if (rank.start().waitFor() != 0) {
            throw new AssertionError("no archive of classes: " + Files.readString(said));
        }
    }

    private static List<String> with(String flag) {
        return Stream.concat(QUICK.stream(), Stream.of(flag)).toList();
    }

    private static Path archive(Path home) {
        return home.resolve("classes.jsa");
    }
}
