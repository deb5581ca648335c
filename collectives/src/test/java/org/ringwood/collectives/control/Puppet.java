package org.ringwood.collectives.control;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import org.ringwood.collectives.control.Message.Accepted;
import org.ringwood.collectives.control.Message.Challenge;
import org.ringwood.collectives.control.Message.Hello;

/** A member that does what a test tells it and nothing else: it does not even beat. */
final class Puppet implements AutoCloseable {
    private final Socket socket;
    private final DataInputStream in;

    Puppet(InetSocketAddress hub) throws IOException {
        socket = new Socket(hub.getAddress(), hub.getPort());
        in = new DataInputStream(socket.getInputStream());
    }

    static Puppet joining(InetSocketAddress hub, int rank, int size, String token) throws IOException {
        Puppet puppet = new Puppet(hub);
        Hello hello = new Token(token).answer(puppet.next(Challenge.class), rank, size, "puppet", 4711);
        puppet.send(hello);
        puppet.next(Accepted.class);
        return puppet;
    }

    void send(Message message) throws IOException {
        sendRaw(Wire.frame(message).array());
    }

    void sendRaw(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    /** The next message of a type; others are skipped. */
    <M extends Message> M next(Class<M> type) throws IOException {
        while (true) {
            byte[] body = new byte[in.readInt()];
            in.readFully(body);
            Message message = Wire.message(body);
            if (type.isInstance(message)) {
                return type.cast(message);
            }
        }
    }

    /** Returns once the hub has closed the connection, in whichever way. */
    void awaitEnd() throws IOException {
        try {
            in.skipNBytes(Long.MAX_VALUE);
        } catch (EOFException | SocketException end) {
            return;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
