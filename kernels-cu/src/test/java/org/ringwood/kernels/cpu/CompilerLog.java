package org.ringwood.kernels.cpu;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code -XX:+LogCompilation} tells of the kernels.
 *
 * @param compiled the kernels' methods that C2 compiled
 * @param putOff operations on vectors that C2 put off, as the method had too many nodes by then, each with the method, which is one of {@link #LOOPS}
 */
record CompilerLog(Set<String> compiled, Set<String> putOff) {
    /**
     * Classes with all that is done for every pair, or for many elements of it. What drives them may exceed the limit with what it does once a row: whether its
     * vectors become objects, the bytes show.
     */
    private static final Set<String> LOOPS =
            Set.of("LaneTiles", "LaneWeights", "RowTiles", "RowProduct", "SoftmaxStep", "GradientStep", "LaneStep");

    /** C2's NodeCountInliningCutoff. */
    private static final int MOST_NODES = 18_000;

    private static final Pattern ATTRIBUTE = Pattern.compile("(\\w+)='([^']*)'");
    private static final String KERNELS = CompilerLog.class.getPackageName();

    static CompilerLog read(Path file) throws IOException {
        CompilerLog log = new CompilerLog(new LinkedHashSet<>(), new LinkedHashSet<>());
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("<task ")) {
                    Map<String, String> task = attributes(line);
                    String method = task.getOrDefault("method", "");
                    if (method.startsWith(KERNELS) && !task.containsKey("level")) {
                        log.readTask(method.substring(0, method.indexOf(" (")).replace(' ', '.'), lines);
                    }
                }
            }
        }
        return log;
    }

    private void readTask(String method, BufferedReader lines) throws IOException {
        compiled.add(method);
        Map<String, String> classes = new HashMap<>();
        Map<String, String> methods = new HashMap<>();
        boolean isLoop = LOOPS.contains(method.substring(KERNELS.length() + 1).split("[.$]", 2)[0]);
        int nodes = 0;
        boolean isParsed = false;
        for (String line = lines.readLine(); line != null && !line.startsWith("</task>"); line = lines.readLine()) {
            String element = line.stripLeading();
            if (element.startsWith("<klass ")) {
                Map<String, String> it = attributes(element);
                classes.put(it.get("id"), it.get("name"));
            } else if (element.startsWith("<method ")) {
                Map<String, String> it = attributes(element);
                methods.put(it.get("id"), classes.get(it.get("holder")) + "." + it.get("name"));
            } else if (element.startsWith("<parse_done ") && !isParsed) {
                nodes = Integer.parseInt(attributes(element).getOrDefault("nodes", "0"));
            } else if (element.startsWith("<late_inline ")) {
                isParsed = true;
                String operation = methods.getOrDefault(attributes(element).get("method"), "");
                // Those of jdk.internal.vm.vector below them are always inlined so.
                if (nodes > MOST_NODES && isLoop && operation.startsWith("jdk.incubator.vector.")) {
                    putOff.add(operation + " in " + method);
                }
            }
        }
    }

    private static Map<String, String> attributes(String element) {
        Map<String, String> attributes = new HashMap<>();
        Matcher matcher = ATTRIBUTE.matcher(element);
        while (matcher.find()) {
            attributes.put(matcher.group(1), matcher.group(2));
        }
        return attributes;
    }
}
