package org.ringwood.runtime.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeFileTest {
    @TempDir
    private Path directory;

    @Test
    void replacesAnOlderFile() throws IOException {
        Path file = Files.writeString(directory.resolve("a.json"), "old");
        WholeFile.write(file, out -> out.write("new".getBytes(UTF_8)));
        assertThat(file).hasContent("new");
        assertThat(directory.toFile().list()).containsExactly("a.json");
    }

    @Test
    void anOlderFileSurvivesAFailure() throws IOException {
        Path file = Files.writeString(directory.resolve("a.json"), "old");
        assertThatThrownBy(() -> WholeFile.write(file, out -> {
                    out.write(1);
                    throw new FileSystemException("x", null, "No space left on device");
                }))
                .isInstanceOf(InputException.class)
                .hasMessage(file + " cannot be written (No space left on device): "
                        + "free space or name a place that can be written");
        assertThat(file).hasContent("old");
        assertThat(directory.toFile().list()).containsExactly("a.json");
    }

    @Test
    void devicesAreNotReplaced() {
        Path device = Path.of("/dev/null");
        assertThatThrownBy(() -> WholeFile.requireWritable(device))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith("/dev/null cannot be written (it is a pipe or a device)");
        assertThatThrownBy(() -> WholeFile.requireWritable(directory))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("it is a directory");
    }
}
