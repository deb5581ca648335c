package org.ringwood.runtime.tensors;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;
import org.ringwood.runtime.files.InputException;

/** A tensor in a file whose header was checked. */
final class FileSource implements TensorSource {
    private final Path file;
    private final String name;
    private final StoredTensor stored;

    private FileSource(Path file, String name, StoredTensor stored) {
        this.file = file;
        this.name = name;
        this.stored = stored;
    }

    static TensorSource open(Path file, String name, long offset, TensorShape shape) {
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
            return new FileSource(file, name, new StoredTensor(channel, offset, shape));
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    static InputException unreadable(Path file, IOException e) {
        return new InputException(
                file + " cannot be read (" + e.getMessage() + "): check that it is there and whole", e);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public TensorShape shape() {
        return stored.shape();
    }

    @Override
    public void read(Positions tokens, int firstHead, Tensor into) {
        TensorSource.requireFit(this, tokens, firstHead, into);
        try {
            stored.read(tokens, firstHead, into);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    @Override
    public void close() {
        try {
            stored.channel().close();
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }
}
