package org.ringwood.collectives.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StaleFilesTest {
    private static final ProcessIdentity OWN = ProcessIdentity.own();

    @TempDir
    private Path directory;

    private Path file(String namespace, long pid, String start) throws IOException {
        return Files.createFile(directory.resolve("ringwood-shm-%s-%d-%s-x".formatted(namespace, pid, start)));
    }

    /** A process that has ended, and was waited for. */
    private static long endedPid() throws IOException, InterruptedException {
        Process process = new ProcessBuilder("true").start();
        process.waitFor();
        return process.pid();
    }

    @Test
    void removesWhatAnEndedProcessLeft() throws Exception {
        Path stale = file(OWN.namespace(), endedPid(), "1");
        assertThat(StaleFiles.sweep(directory)).containsExactly(stale);
        assertThat(stale).doesNotExist();
    }

    @Test
    void removesDirectoriesWithAllTheyHold() throws Exception {
        Path stale = directory.resolve("ringwood-aeron-%s-%d-1-x".formatted(OWN.namespace(), endedPid()));
        Files.createDirectories(stale.resolve("publications"));
        Files.writeString(stale.resolve("publications").resolve("1.logbuffer"), "x");
        assertThat(StaleFiles.sweep(directory)).containsExactly(stale);
        assertThat(stale).doesNotExist();
    }

    @Test
    void knowsThatAPidIsUsedAgain() throws Exception {
        Path stale = file(OWN.namespace(), OWN.pid(), OWN.startTicks() + "1");
        assertThat(StaleFiles.sweep(directory)).containsExactly(stale);
    }

    @Test
    void keepsWhatBelongsToTheLivingToOtherNamespacesAndToOthers() throws Exception {
        Path own = Files.createFile(directory.resolve(StaleFiles.nameOfOwn("shm", "control")));
        Path otherNamespace = file(OWN.namespace() + "1", endedPid(), "1");
        Path foreign = Files.createFile(directory.resolve("ringwood-notes.txt"));
        Path hugePid = Files.createFile(directory.resolve("ringwood-shm-1-99999999999999999999-1-x"));
        assertThat(StaleFiles.sweep(directory)).isEmpty();
        assertThat(directory).isDirectoryContaining(own::equals).isDirectoryContaining(otherNamespace::equals);
        assertThat(directory).isDirectoryContaining(foreign::equals).isDirectoryContaining(hugePid::equals);
    }

    @Test
    void doesNotFollowLinks() throws Exception {
        Path precious = Files.createDirectory(directory.resolve("precious"));
        Files.writeString(precious.resolve("thesis"), "x");
        Path link = directory.resolve("ringwood-shm-%s-%d-1-x".formatted(OWN.namespace(), endedPid()));
        Files.createSymbolicLink(link, precious);
        assertThat(StaleFiles.sweep(directory)).containsExactly(link);
        assertThat(precious.resolve("thesis")).exists();
    }

    @Test
    void refusesNamesThatCouldNotBeSwept() {
        assertThatThrownBy(() -> StaleFiles.nameOfOwn("Shm", "x")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> StaleFiles.nameOfOwn("shm", "")).isInstanceOf(IllegalArgumentException.class);
    }
}
