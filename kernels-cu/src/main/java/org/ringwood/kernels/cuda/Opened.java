package org.ringwood.kernels.cuda;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/** What an owner has opened so far, to be closed in the opposite order: at its end, or where its constructor does not get further. */
final class Opened implements AutoCloseable {
    private final Deque<Runnable> closings = new ArrayDeque<>();

    /** Notes something that was opened, and how it is closed; returns it. */
    <T> T add(T opened, Consumer<? super T> close) {
        closings.push(() -> close.accept(opened));
        return opened;
    }

    /** Closes all because of a failure, which keeps what else goes wrong then. */
    void closeAfter(Throwable failure) {
        try {
            close();
        } catch (RuntimeException | Error further) {
            failure.addSuppressed(further);
        }
    }

    /** Closes all, also if one of them can't be closed. */
    @Override
    public void close() {
        if (closings.isEmpty()) {
            return;
        }
        try (Opened _ = this) {
            closings.pop().run();
        }
    }
}
