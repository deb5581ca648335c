package org.ringwood.runtime.tensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.kernels.DType;
import org.ringwood.runtime.files.InputException;

class OutputTest {
    private static final TensorShape SMALL = TensorShape.of(DType.F32, 4, 2, 8);

    @TempDir
    private Path directory;

    @Test
    void nothingIsThereUntilAllIsDone() {
        Path target = directory.resolve("out.safetensors");
        Output output = new Output(target, SMALL, "nonce");
        output.create();
        assertThat(target).doesNotExist();
        output.commit();
        assertThat(target).exists();
        assertThat(directory.toFile().list()).containsExactly("out.safetensors");
    }

    @Test
    void nothingIsLeftAfterAFailure() {
        for (String name : new String[] {"out.safetensors", "out.npy"}) {
            Output output = new Output(directory.resolve(name), SMALL, "nonce");
            output.create();
            output.discard();
            output.discard();
            assertThat(directory).isEmptyDirectory();
        }
    }

    @Test
    void jobsDoNotDisturbEachOther() {
        Path target = directory.resolve("out.safetensors");
        Output one = new Output(target, SMALL, "one");
        Output other = new Output(target, SMALL, "other");
        one.create();
        other.create();
        one.commit();
        other.discard();
        assertThat(target).exists();
    }

    @Test
    void aMissingDirectoryIsNamed() {
        Output output = new Output(directory.resolve("none/out.npy"), SMALL, "nonce");
        assertThatThrownBy(output::create)
                .isInstanceOf(InputException.class)
                .hasMessageContaining("none/out.npy cannot be written (its directory does not exist)");
        assertThatThrownBy(output::open).isInstanceOf(InputException.class);
    }

    @Test
    void aDirectoryInPlaceOfTheFileStays() throws IOException {
        Path target = Files.createDirectory(directory.resolve("out.safetensors"));
        Output output = new Output(target, SMALL, "nonce");
        output.create();
        assertThatThrownBy(output::commit).isInstanceOf(InputException.class).hasMessageContaining("it is a directory");
        assertThat(directory.toFile().list()).containsExactly("out.safetensors");
    }

    @Test
    void tooLittleSpaceIsFoundBeforeTheWorkBegins() {
        TensorShape huge = TensorShape.of(DType.F32, 1L << 45, 2, 8);
        Output output = new Output(directory.resolve("out.safetensors"), huge, "nonce");
        assertThatThrownBy(output::create)
                .isInstanceOf(InputException.class)
                .hasMessageContaining("out.safetensors needs ")
                .hasMessageContaining(" are free there: free space or name another place");
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void npyDoesNotHoldBf16() {
        assertThatThrownBy(() -> new Output(directory.resolve("o.npy"), TensorShape.of(DType.BF16, 1, 1, 1), "n"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("cannot hold bf16")
                .hasMessageContaining("name it .safetensors");
    }
}
