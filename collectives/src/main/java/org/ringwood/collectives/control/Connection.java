package org.ringwood.collectives.control;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;

/** One end of a control connection: frames in, frames out, nothing blocks. Belongs to the thread of its selector. */
final class Connection {
    /** More than ever waits for a peer that reads at all. */
    private static final int MAX_UNSENT = 16 * Wire.MAX_FRAME;

    /** Takes messages. */
    interface Receiver {
        /** @throws ProtocolException if the message does not belong here */
        void take(Message message) throws ProtocolException;
    }

    private final SocketChannel channel;
    private final SelectionKey key;
    private final Deque<ByteBuffer> unsent = new ArrayDeque<>();
    private final ByteBuffer length = ByteBuffer.allocate(Integer.BYTES);
    private ByteBuffer body = ByteBuffer.allocate(0);
    private int maxFrame = Wire.MAX_GREETING;
    private int unsentBytes;

    /** Takes over a connected channel. */
    Connection(SocketChannel channel, Selector selector) throws IOException {
        this.channel = channel;
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        key = channel.register(selector, SelectionKey.OP_READ, this);
    }

    /** The peer has proven itself: from now on its frames may be long. */
    void trust() {
        maxFrame = Wire.MAX_FRAME;
    }

    /**
     * Hands over all messages that are here.
     *
     * @throws EOFException if the peer has closed its end
     * @throws IOException if the connection is broken or the peer speaks another language
     */
    void read(Receiver messages) throws IOException {
        while (fill(length)) {
            if (body.position() == 0) {
                body = ByteBuffer.allocate(frameLength());
            }
            if (!fill(body)) {
                return;
            }
            Message message = Wire.message(body.array());
            length.clear();
            body = ByteBuffer.allocate(0);
            messages.take(message);
        }
    }

    /** Whether the buffer is full now. */
    private boolean fill(ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            int read = channel.read(buffer);
            if (read < 0) {
                throw new EOFException("closed by the peer");
            }
            if (read == 0) {
                return false;
            }
        }
        return true;
    }

    private int frameLength() throws ProtocolException {
        int bytes = length.getInt(0);
        if (bytes < 1 || bytes > maxFrame) {
            throw new ProtocolException("a frame of " + Integer.toUnsignedString(bytes) + " bytes");
        }
        return bytes;
    }

    /** Sends now what the socket takes, the rest later. */
    void send(Message message) throws IOException {
        ByteBuffer frame = Wire.frame(message);
        unsentBytes += frame.remaining();
        if (unsentBytes > MAX_UNSENT) {
            throw new IOException("does not read its control connection");
        }
        unsent.add(frame);
        flush();
    }

    /** Sends what the socket takes; the selector tells when it takes more. */
    void flush() throws IOException {
        while (!unsent.isEmpty()) {
            ByteBuffer frame = unsent.peek();
            unsentBytes -= channel.write(frame);
            if (frame.hasRemaining()) {
                break;
            }
            unsent.remove();
        }
        key.interestOps(unsent.isEmpty() ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE);
    }

    /** Whether the socket has taken everything. */
    boolean isFlushed() {
        return unsent.isEmpty();
    }

    /** Tells the peer that nothing more comes, once all is flushed. */
    void endOutput() throws IOException {
        channel.shutdownOutput();
    }

    /** Ends it. A socket that cannot even be closed is gone already. */
    void close() {
        try {
            channel.close();
        } catch (IOException ignored) {
            key.cancel();
        }
    }
}
