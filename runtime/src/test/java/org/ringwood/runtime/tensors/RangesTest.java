package org.ringwood.runtime.tensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;
import org.ringwood.runtime.files.InputException;

/** Any part of a tensor in a file, in any layout, into memory of any strides, and back. */
class RangesTest {
    @TempDir
    private Path directory;

    /** The value of every element of a test tensor: small whole numbers that f16 and bf16 hold, told apart nearby. */
    private static float value(long token, int head, int i) {
        return (token * 31 + head * 7L + i) % 251;
    }

    @RepeatedTest(60)
    void writesAndReadsRanges() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        Layout layout = List.of(Layout.THD, Layout.BTHD, Layout.BHTD).get(random.nextInt(3));
        long batch = layout == Layout.THD ? 1 : 1 + random.nextInt(3);
        boolean npy = random.nextBoolean();
        DType dtype = List.of(DType.F32, DType.F16, DType.BF16).get(random.nextInt(npy ? 2 : 3));
        TensorShape shape = new TensorShape(
                dtype, layout, batch, 1 + random.nextInt(40), 1 + random.nextInt(5), 1 + random.nextInt(9));
        Path file = directory.resolve(npy ? "out.npy" : "out.safetensors");

        write(file, shape, random);

        Optional<Layout> order = layout == Layout.THD ? Optional.empty() : Optional.of(layout);
        try (TensorSource source =
                        npy ? Npy.open(file, order) : Safetensors.open(file).tensor("out", order);
                Arena arena = Arena.ofConfined()) {
            assertThat(source.shape()).as("seed %d", seed).isEqualTo(shape);
            for (int i = 0; i < 10; i++) {
                Positions tokens = positions(shape.tokens(), random);
                int firstHead = random.nextInt(shape.heads());
                int heads = 1 + random.nextInt(shape.heads() - firstHead);
                Tensor part = memory(arena, dtype, tokens.rows(), heads, shape.dim(), random);
                source.read(tokens, firstHead, part);
                for (long row = 0; row < tokens.rows(); row++) {
                    for (int head = 0; head < heads; head++) {
                        for (int e = 0; e < shape.dim(); e++) {
                            assertThat(part.get(row, head, e))
                                    .as("seed %d: %s, tokens %s, head %d", seed, shape, tokens, firstHead + head)
                                    .isEqualTo(value(tokens.position(row), firstHead + head, e));
                        }
                    }
                }
            }
        }
        checkLse(file, shape, npy, seed);
    }

    /** Writes the whole output as several ranks would, each with its positions and its heads. */
    private void write(Path file, TensorShape shape, Random random) {
        Output output = new Output(file, shape, "n" + random.nextInt());
        output.create();
        int parts = 1 + random.nextInt(4);
        int headCut = random.nextInt(shape.heads());
        for (int rank = 0; rank < parts; rank++) {
            List<Chunk> chunks = new ArrayList<>();
            for (long token = rank; token < shape.tokens(); token += parts) {
                chunks.add(new Chunk(token, token + 1));
            }
            Positions tokens = Positions.of(chunks);
            try (Output.Writer writer = output.open();
                    Arena arena = Arena.ofConfined()) {
                if (headCut > 0) {
                    writeHeads(writer, tokens, shape, 0, headCut, arena, random);
                }
                writeHeads(writer, tokens, shape, headCut, shape.heads(), arena, random);
            }
            assertThat(file).doesNotExist();
        }
        output.commit();
    }

    private static void writeHeads(
            Output.Writer writer, Positions tokens, TensorShape shape, int from, int to, Arena arena, Random random) {
        Tensor out = memory(arena, shape.dtype(), tokens.rows(), to - from, shape.dim(), random);
        Tensor lse = memory(arena, DType.F32, tokens.rows(), to - from, 1, random);
        for (long row = 0; row < tokens.rows(); row++) {
            for (int head = 0; head < to - from; head++) {
                for (int i = 0; i < shape.dim(); i++) {
                    out.set(row, head, i, value(tokens.position(row), from + head, i));
                }
                lse.set(row, head, 0, tokens.position(row) + 0.001f * (from + head));
            }
        }
        writer.write(tokens, from, out, lse);
    }

    private void checkLse(Path file, TensorShape shape, boolean npy, long seed) {
        ByteBuffer bytes;
        try {
            bytes = ByteBuffer.wrap(Files.readAllBytes(npy ? directory.resolve("out.lse.npy") : file))
                    .order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        TensorShape lse = shape.with(DType.F32, 1);
        int header = npy ? 10 + bytes.getShort(8) : 8 + (int) bytes.getLong(0);
        assertThat(header % 8).as("alignment").isZero();
        for (long token = 0; token < shape.tokens(); token++) {
            for (int head = 0; head < shape.heads(); head++) {
                assertThat(bytes.getFloat(header + 4 * (int) lse.element(token, head)))
                        .as("seed %d: lse of %s at %d, %d", seed, shape, token, head)
                        .isEqualTo(token + 0.001f * head);
            }
        }
    }

    /** Some pieces of the sequence, in any order. */
    private static Positions positions(long tokens, Random random) {
        long[] cuts = LongStream.concat(LongStream.of(0, tokens), random.longs(random.nextInt(6), 0, tokens))
                .sorted()
                .toArray();
        List<Chunk> chunks = new ArrayList<>();
        for (int i = 1; i < cuts.length; i++) {
            if (i == 1 || random.nextBoolean()) {
                chunks.add(new Chunk(cuts[i - 1], cuts[i]));
            }
        }
        Collections.shuffle(chunks, random);
        return Positions.of(chunks);
    }

    /** Memory of a tensor, dense or with gaps between rows or heads. */
    private static Tensor memory(Arena arena, DType dtype, long rows, int heads, int dim, Random random) {
        boolean headsOutside = random.nextBoolean();
        long headStride = headsOutside ? Math.max(1, rows) * dim : dim + random.nextInt(2);
        long tokenStride = headsOutside ? dim : heads * headStride + random.nextInt(2) * 3L;
        long elements = Math.max(1, rows) * tokenStride + heads * headStride + dim;
        return new Tensor(arena.allocate(elements * dtype.bytes()), dtype, rows, heads, dim, tokenStride, headStride);
    }

    @Test
    void readsBeyondTheBuffer() {
        TensorShape shape = new TensorShape(DType.F32, Layout.BHTD, 1, 9_000, 3, 64);
        Path file = directory.resolve("out.safetensors");
        write(file, shape, new Random(1));
        try (TensorSource source = Safetensors.open(file).tensor("out", Optional.of(Layout.BHTD));
                Arena arena = Arena.ofConfined()) {
            Tensor part = Tensor.dense(arena.allocate(8_998L * 2 * 64 * 4), DType.F32, 8_998, 2, 64);
            source.read(Positions.range(1, 8_999), 1, part);
            for (long row : new long[] {0, 4_095, 4_096, 8_997}) {
                assertThat(part.get(row, 1, 63)).isEqualTo(value(row + 1, 2, 63));
            }
        }
    }

    @Test
    void readsAFewRowsOfMoreThan2To31Elements() throws IOException {
        long tokens = 70_000_000;
        TensorShape shape = TensorShape.of(DType.F16, tokens, 2, 17);
        Path file = directory.resolve("sparse.npy");
        byte[] header = Npy.header(DType.F16, shape.axes());
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(header), 0);
            short nine = Float.floatToFloat16(9);
            ByteBuffer element =
                    ByteBuffer.allocate(2).order(ByteOrder.LITTLE_ENDIAN).putShort(0, nine);
            channel.write(element, header.length + shape.bytes() - 2);
        }
        assertThat(shape.elements()).isGreaterThan(1L << 31);
        assertThat(Files.size(file)).isGreaterThan(1L << 32);
        try (TensorSource source = Npy.open(file, Optional.empty());
                Arena arena = Arena.ofConfined()) {
            Tensor part = Tensor.dense(arena.allocate(4 * 17 * 2), DType.F16, 4, 1, 17);
            source.read(Positions.of(List.of(new Chunk(0, 2), new Chunk(tokens - 2, tokens))), 1, part);
            assertThat(part.get(0, 0, 0)).isZero();
            assertThat(part.get(3, 0, 15)).isZero();
            assertThat(part.get(3, 0, 16)).isEqualTo(9);
        }
    }

    @Test
    void aFileThatShrinksIsNamed() throws IOException {
        Path file = Bytes.file(
                directory, "q.npy", Bytes.npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 1, 2)}", 32));
        try (TensorSource source = Npy.open(file, Optional.empty());
                Arena arena = Arena.ofConfined()) {
            Files.write(file, new byte[10]);
            Tensor whole = Tensor.dense(arena.allocate(32), DType.F32, 4, 1, 2);
            assertThatThrownBy(() -> source.read(Positions.range(0, 4), 0, whole))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining(file.toString())
                    .hasMessageContaining("it ended at byte");
        }
    }

    @Test
    void aWrongPartIsAMistakeOfTheCaller() {
        TensorSource source = new RandomSource(1, RandomSource.Operand.K, TensorShape.of(DType.F32, 4, 2, 2));
        try (Arena arena = Arena.ofConfined()) {
            Tensor two = Tensor.dense(arena.allocate(32), DType.F32, 2, 2, 2);
            assertThatThrownBy(() -> source.read(Positions.range(3, 5), 0, two))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> source.read(Positions.range(0, 2), 1, two))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> source.read(Positions.range(0, 1), 0, two))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
