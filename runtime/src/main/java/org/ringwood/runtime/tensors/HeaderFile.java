package org.ringwood.runtime.tensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.files.OrdinaryFile;

/** The start of a file, read as far as it really goes. */
final class HeaderFile {
    private final Path file;
    private final FileChannel channel;
    private final long size;

    private HeaderFile(Path file, FileChannel channel) throws IOException {
        this.file = file;
        this.channel = channel;
        this.size = channel.size();
    }

    /** What is done with an open file. */
    interface Reader<T> {
        /** Reads the header. */
        T read(HeaderFile header) throws IOException;
    }

    static <T> T with(Path file, Reader<T> reader) {
        OrdinaryFile.requireReadable(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return reader.read(new HeaderFile(file, channel));
        } catch (NoSuchFileException e) {
            throw new InputException(file + " does not exist: check the name", e);
        } catch (IOException e) {
            throw FileSource.unreadable(file, e);
        }
    }

    Path file() {
        return file;
    }

    /** Bytes of the whole file. */
    long size() {
        return size;
    }

    /** Little-endian bytes; refused, before anything is allocated, if the file has not so many. */
    ByteBuffer bytes(long from, long count) throws IOException {
        if (count < 0 || from > size - count) {
            throw new InputException(file + " is truncated: it has " + size + " bytes, but its header needs "
                    + Long.toUnsignedString(from + count) + "; write it again");
        }
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(count)).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining() && channel.read(bytes, from + bytes.position()) >= 0) {
            // A short read is legal; the loop ends at the end of the file.
        }
        if (bytes.hasRemaining()) {
            throw new IOException("it ended while it was read");
        }
        return bytes.flip();
    }
}
