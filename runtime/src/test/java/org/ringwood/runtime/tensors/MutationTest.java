package org.ringwood.runtime.tensors;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;
import org.ringwood.runtime.files.InputException;

/** A damaged file either reads as something or is refused with a sentence; nothing else happens. */
class MutationTest {
    private static final int MUTATIONS = 1000;
    private static final String ALPHABET = "{}[]()\"':,0123456789 -.eE\\uTFn\u0000";

    @TempDir
    private Path directory;

    private interface Opener {
        TensorSource open(Path file);
    }

    @Test
    void npy() {
        byte[] valid = Bytes.npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 3, 2, 2), }\n", 192);
        mutate(valid, file -> Npy.open(file, Optional.of(Layout.BHTD)));
    }

    @Test
    void wholeNumbers() {
        byte[] valid = Bytes.npy("{'descr': '<i8', 'fortran_order': False, 'shape': (4, ), }\n", 32);
        mutate(valid, file -> {
            Npy.wholeNumbers(file, 0);
            return new RandomSource(1, RandomSource.Operand.Q, TensorShape.of(DType.F32, 1, 1, 1));
        });
    }

    @Test
    void safetensors() {
        byte[] valid = Bytes.safetensors(
                "{\"q\":{\"dtype\":\"BF16\",\"shape\":[3,2,2],\"data_offsets\":[0,24]},"
                        + "\"k\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[24,40]}}",
                40);
        mutate(valid, file -> Safetensors.open(file).tensor("q", Optional.of(Layout.BTHD)));
    }

    private void mutate(byte[] valid, Opener opener) {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int refused = 0;
        for (int i = 0; i < MUTATIONS; i++) {
            Path file = Bytes.file(directory, "mutant", mutant(valid, random));
            try {
                readAll(opener.open(file));
            } catch (InputException e) {
                refused++;
                assertThat(e.getMessage())
                        .as("seed %d, mutation %d", seed, i)
                        .contains("mutant")
                        .doesNotContain("\n");
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + seed + ", mutation " + i + ": " + e, e);
            }
        }
        assertThat(refused).as("seed %d", seed).isBetween(1, MUTATIONS - 1);
    }

    private static byte[] mutant(byte[] valid, Random random) {
        byte[] mutant = valid.clone();
        int changes = 1 + random.nextInt(3);
        for (int change = 0; change < changes; change++) {
            int at = random.nextInt(mutant.length);
            switch (random.nextInt(5)) {
                case 0 -> mutant[at] = (byte) random.nextInt(256);
                case 1 -> mutant[at] = (byte) ALPHABET.charAt(random.nextInt(ALPHABET.length()));
                case 2 -> mutant = Arrays.copyOf(mutant, Math.max(1, at));
                case 3 -> mutant = Arrays.copyOf(mutant, mutant.length + 1 + random.nextInt(9));
                default -> mutant[at] ^= (byte) (1 << random.nextInt(8));
            }
        }
        return mutant;
    }

    private static void readAll(TensorSource source) {
        TensorShape shape = source.shape();
        try (source;
                Arena arena = Arena.ofConfined()) {
            Tensor whole = Tensor.dense(
                    arena.allocate(shape.bytes()), shape.dtype(), shape.tokens(), shape.heads(), shape.dim());
            source.read(Positions.range(0, shape.tokens()), 0, whole);
        }
    }
}
