package org.ringwood.runtime.tensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.files.WholeFile;

/**
 * The result of a job on disk: {@code out} and the log-sum-exp {@code lse}, in the layout of the input, {@code lse} without the
 * last axis and f32. Both lie in one safetensors file; a name that ends in {@code .npy} stands for two files, {@code NAME.npy}
 * and {@code NAME.lse.npy}.
 *
 * <p>One process {@link #create creates} the files at full size under names of their own, every rank {@link #open opens} them
 * and writes its ranges, and when all are done one process {@link #commit renames} them. After a failure it
 * {@link #discard discards} them.
 */
public final class Output {
    private static final String NPY = ".npy";

    private final TensorShape shape;
    private final List<WholeFile> files;
    private final List<byte[]> headers;
    private final Place out;
    private final Place lse;

    /** Where a tensor lies: in which file, and behind which header and other tensors. */
    private record Place(int file, long offset, TensorShape shape) {}

    /**
     * The output of a job.
     *
     * @param target file that the user named
     * @param shape of {@code out}
     * @param nonce of the job: the same for all its ranks, another for every other job
     * @throws InputException if the file's format cannot hold the tensor
     */
    public Output(Path target, TensorShape shape, String nonce) {
        this.shape = shape;
        this.files = wholeFiles(target, nonce);
        TensorShape lseShape = shape.with(DType.F32, 1);
        if (!isNpy(target)) {
            // Tensors with the larger elements come first, so that all are aligned.
            byte[] header = Safetensors.header(List.of(
                    new Safetensors.Written("lse", DType.F32, lseAxes()),
                    new Safetensors.Written("out", shape.dtype(), shape.axes())));
            this.headers = List.of(header);
            this.lse = new Place(0, header.length, lseShape);
            this.out = new Place(0, header.length + lseShape.bytes(), shape);
            return;
        }
        if (shape.dtype() == DType.BF16) {
            throw new InputException(target + " cannot hold bf16, which .npy does not know: name it .safetensors");
        }
        this.headers = List.of(Npy.header(shape.dtype(), shape.axes()), Npy.header(DType.F32, lseAxes()));
        this.out = new Place(0, headers.getFirst().length, shape);
        this.lse = new Place(1, headers.getLast().length, lseShape);
    }

    /** The files that an output consists of; the first is the one that the user named. */
    public static List<Path> files(Path target) {
        if (!isNpy(target)) {
            return List.of(target);
        }
        String name = Objects.requireNonNull(target.getFileName()).toString();
        String stem = name.substring(0, name.length() - NPY.length());
        return List.of(target, target.resolveSibling(stem + ".lse" + NPY));
    }

    /**
     * Removes what a job left of an output that was not committed, when none of its ranks is there to do it.
     *
     * @param nonce of that job
     */
    public static void discard(Path target, String nonce) {
        wholeFiles(target, nonce).forEach(WholeFile::discard);
    }

    /**
     * The files that an output consists of until it is committed.
     *
     * @param nonce of the job
     */
    public static List<Path> unfinished(Path target, String nonce) {
        return wholeFiles(target, nonce).stream().map(WholeFile::partial).toList();
    }

    private static List<WholeFile> wholeFiles(Path target, String nonce) {
        return files(target).stream().map(file -> new WholeFile(file, nonce)).toList();
    }

    private static boolean isNpy(Path target) {
        return target.toString().toLowerCase(Locale.ROOT).endsWith(NPY);
    }

    private List<Long> lseAxes() {
        List<Long> axes = shape.axes();
        return axes.subList(0, axes.size() - 1);
    }

    /**
     * Creates the files, with their headers and at full size. Done once, before any rank opens them.
     *
     * @throws InputException if a directory cannot be written or has too little space; nothing is left then
     */
    public void create() {
        try {
            for (int i = 0; i < files.size(); i++) {
                create(files.get(i), headers.get(i), size(i));
            }
        } catch (InputException e) {
            discard();
            throw e;
        }
    }

    private long size(int file) {
        long size = headers.get(file).length;
        for (Place place : List.of(out, lse)) {
            size += place.file() == file ? place.shape().bytes() : 0;
        }
        return size;
    }

    private static void create(WholeFile file, byte[] header, long size) {
        try (FileChannel channel =
                FileChannel.open(file.partial(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            long free = Files.getFileStore(file.partial()).getUsableSpace();
            if (size > free) {
                throw new InputException(file.target() + " needs " + size + " bytes, but " + free
                        + " are free there: free space or name another place");
            }
            channel.write(ByteBuffer.wrap(header), 0);
            channel.write(ByteBuffer.allocate(1), size - 1);
        } catch (IOException e) {
            throw WholeFile.refusal(file.target(), e);
        }
    }

    /**
     * Opens the created files for writing.
     *
     * @throws InputException if they are not there or cannot be written
     */
    public Writer open() {
        List<FileChannel> channels = new ArrayList<>();
        try {
            for (WholeFile file : files) {
                channels.add(FileChannel.open(file.partial(), StandardOpenOption.WRITE));
            }
            return new Writer(channels);
        } catch (IOException e) {
            WholeFile failed = files.get(channels.size());
            closeAfter(e, channels);
            throw WholeFile.refusal(failed.target(), e);
        }
    }

    private static void closeAfter(IOException first, List<FileChannel> channels) {
        for (FileChannel channel : channels) {
            try {
                channel.close();
            } catch (IOException e) {
                first.addSuppressed(e);
            }
        }
    }

    /** Gives the files their names. Done once, when every rank has closed its writer. */
    public void commit() {
        // The named file comes last: once it is there, so is the other.
        files.reversed().forEach(WholeFile::commit);
    }

    /** Removes what was written; does nothing after {@link #commit}. */
    public void discard() {
        files.forEach(WholeFile::discard);
    }

    /** Writes a rank's part. */
    public final class Writer implements AutoCloseable {
        private final List<FileChannel> channels;

        private Writer(List<FileChannel> channels) {
            this.channels = channels;
        }

        /**
         * Writes heads of some tokens.
         *
         * @param tokens global positions of the rows
         * @param firstHead head that the tensors' first head is
         * @param outRows {@code [rows, heads, dimV]} in the output's dtype
         * @param lseRows {@code [rows, heads, 1]} of f32
         * @throws InputException if the disk is full, or the file cannot be written
         */
        public void write(Positions tokens, int firstHead, Tensor outRows, Tensor lseRows) {
            write(out, tokens, firstHead, outRows);
            write(lse, tokens, firstHead, lseRows);
        }

        private void write(Place place, Positions tokens, int firstHead, Tensor rows) {
            StoredTensor stored = new StoredTensor(channels.get(place.file()), place.offset(), place.shape());
            try {
                stored.write(tokens, firstHead, rows);
            } catch (IOException e) {
                throw WholeFile.refusal(files.get(place.file()).target(), e);
            }
        }

        /**
         * Hands what was written to the disk, so that an error shows now.
         *
         * @throws InputException if the disk is full, or the file cannot be written
         */
        public void flush() {
            for (int i = 0; i < channels.size(); i++) {
                try {
                    channels.get(i).force(false);
                } catch (IOException e) {
                    throw WholeFile.refusal(files.get(i).target(), e);
                }
            }
        }

        /** Flushes and closes. */
        @Override
        public void close() {
            for (int i = 0; i < channels.size(); i++) {
                try (FileChannel channel = channels.get(i)) {
                    channel.force(false);
                } catch (IOException e) {
                    throw WholeFile.refusal(files.get(i).target(), e);
                }
            }
        }
    }
}
