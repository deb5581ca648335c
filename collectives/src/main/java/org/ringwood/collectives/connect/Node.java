package org.ringwood.collectives.connect;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.ringwood.collectives.Topology;

/**
 * Where a rank runs. Two containers may have one host name and yet share no memory, and one host may play several nodes: ranks
 * share a node if they agree in both name and memory.
 *
 * @param name for people
 * @param memory tells one mount of shared memory from all others
 */
record Node(String name, String memory) {
    private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");
    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final String SLURM_NAME = "SLURMD_NODENAME";

    /** That of this process. */
    static Node own() {
        try {
            String host = Files.readString(HOST_NAME).strip();
            String boot = Files.readString(BOOT).strip();
            return new Node(System.getenv().getOrDefault(SLURM_NAME, host), boot + "-" + mount());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot tell which host this is", e);
        }
    }

    private static String mount() throws IOException {
        try {
            return Files.getAttribute(SHARED_MEMORY, "unix:dev").toString();
        } catch (NoSuchFileException e) {
            return "none";
        }
    }

    String encoded() {
        return name + " " + memory;
    }

    static Node decode(String encoded) {
        int space = encoded.lastIndexOf(' ');
        return new Node(encoded.substring(0, space), encoded.substring(space + 1));
    }

    /** Nodes by their names, with a number where a name does not tell. */
    static Topology topology(List<Node> ofRank) {
        Map<Node, String> labels = new LinkedHashMap<>();
        for (Node node : ofRank) {
            long namesakes = labels.keySet().stream()
                    .filter(other -> !other.equals(node) && other.name.equals(node.name))
                    .count();
            labels.putIfAbsent(node, namesakes == 0 ? node.name : node.name + "#" + (namesakes + 1));
        }
        List<String> names = new ArrayList<>();
        ofRank.forEach(node -> names.add(labels.get(node)));
        return new Topology(names);
    }
}
