package org.ringwood.runtime.process;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The command that starts a JVM like this one: same binary, same class path and archive of classes, same compiler, same module flags and properties of Ringwood's.
 * Heap and collector are the new JVM's own.
 */
public final class JavaCommand {
    private static final List<String> INHERITED = List.of(
            "--",
            "-Dringwood.",
            "-Dorg.ringwood.",
            "-Djava.io.tmpdir",
            "-XX:TieredStopAtLevel=",
            "-XX:SharedArchiveFile=");

    private JavaCommand() {}

    /**
     * A command.
     *
     * @param flags for the JVM
     * @param main class to run
     * @param arguments for it
     */
    public static List<String> of(List<String> flags, String main, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(JavaCommand::isInherited)
                .forEach(command::add);
        command.addAll(flags);
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(main);
        command.addAll(arguments);
        return command;
    }

    private static boolean isInherited(String flag) {
        return INHERITED.stream().anyMatch(flag::startsWith);
    }
}
