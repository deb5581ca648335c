package org.ringwood.kernels.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Where the system says that threads may run. */
class AffinityTest {
    private static final Path TASKS = Path.of("/proc/self/task");

    @Test
    @EnabledOnOs(OS.LINUX)
    void threadsKeepToOneCpuEachIfThereAreEnough() throws IOException {
        CpuList allowed = allowed();
        try (WorkerPool _ = new WorkerPool("pin", allowed.size(), allowed)) {
            Map<String, CpuList> pinned = threads("pin-");
            assertThat(pinned).hasSize(allowed.size());
            for (int i = 0; i < allowed.size(); i++) {
                assertThat(pinned)
                        .containsEntry(
                                "pin-" + i, new CpuList(List.of(allowed.cpus().get(i))));
            }
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void moreThreadsThanCpusShareThemAll() throws IOException {
        CpuList last = new CpuList(List.of(allowed().cpus().getLast()));
        try (WorkerPool _ = new WorkerPool("two", 2, last);
                WorkerPool _ = new WorkerPool("any", 2)) {
            assertThat(threads("two-").values()).hasSize(2).containsOnly(last);
            assertThat(threads("any-").values()).hasSize(2).containsOnly(allowed());
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aCpuThatIsNotOursIsNamed() {
        CpuList allowed = allowed();
        int other = IntStream.iterate(CpuList.MOST, cpu -> cpu - 1)
                .filter(cpu -> !allowed.cpus().contains(cpu))
                .findFirst()
                .orElseThrow();
        CpuList wanted = new CpuList(List.of(allowed.cpus().getFirst(), other));
        assertThatThrownBy(() -> new WorkerPool("none", 1, wanted))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("cpu " + other + " is not among those that this process may use, " + allowed);
        assertThatThrownBy(() -> Affinity.pin(new CpuList(List.of(other))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("does not let it run on " + other);
    }

    @Test
    @DisabledOnOs(OS.LINUX)
    void otherSystemsSayThatTheyDoNotPin() {
        assertThatThrownBy(() -> new WorkerPool("none", 1, CpuList.parse("0")))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("can't be pinned");
    }

    private static CpuList allowed() {
        return CpuList.allowed().orElseThrow();
    }

    /** The cpus of the threads whose names start so. */
    private static Map<String, CpuList> threads(String prefix) throws IOException {
        Map<String, CpuList> found = new TreeMap<>();
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(TASKS)) {
            for (Path task : tasks) {
                String name = name(task);
                if (name.startsWith(prefix)) {
                    found.put(name, Affinity.allowed(task.resolve("status")));
                }
            }
        }
        return found;
    }

    /** A thread's name; empty if it has ended since it was listed, as the JVM's own come and go. */
    private static String name(Path task) throws IOException {
        try {
            return Files.readString(task.resolve("comm")).strip();
        } catch (IOException e) {
            if (Files.exists(task)) {
                throw e;
            }
            return "";
        }
    }
}
