package org.ringwood.kernels.cuda;

import org.ringwood.kernels.cuda.driver.Driver;

/** A stream of copies from other processes' memory of devices. Copying is for one thread. */
final class PeerCopies implements AutoCloseable {
    private final Driver driver;
    private final Opened opened = new Opened();
    private final Driver.Stream stream;
    private final Driver.Event copied;

    PeerCopies(Driver driver) {
        this.driver = driver;
        this.stream = opened.add(driver.createStream(), driver::destroy);
        try {
            this.copied = opened.add(driver.createEvent(), driver::destroy);
        } catch (RuntimeException | Error e) {
            opened.closeAfter(e);
            throw e;
        }
    }

    /** Copies, and waits for the end. */
    void copy(long from, long to, long bytes) {
        driver.copy(from, to, bytes, stream);
        driver.record(copied, stream);
        driver.synchronize(copied);
    }

    /** Closes memory of another process; for any thread. */
    void forget(long foreign) {
        driver.closeMemory(foreign);
    }

    @Override
    public void close() {
        driver.synchronize(stream);
        opened.close();
    }
}
