package org.ringwood.collectives;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/** Starts Java programs of the tests. */
public final class TestJvm {
    private TestJvm() {}

    /** A command with this JVM's own class path and module flags, and a small heap. */
    public static List<String> command(List<String> flags, String classPath, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> flag.equals("-ea") || (flag.startsWith("--") && !flag.startsWith("--add-modules")))
                .forEach(command::add);
        command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        command.addAll(flags);
        command.addAll(List.of("-cp", classPath, main.getName()));
        command.addAll(List.of(arguments));
        return command;
    }
}
