package org.ringwood.kernels.cuda;

import org.ringwood.kernels.cuda.driver.Driver;

/** A stream of copies, which the device does beside its kernels. For one thread at a time. */
final class CopyStream implements AutoCloseable {
    private final Driver driver;
    private final Gate gate;
    private final Driver.Stream stream;
    private final Staging staging;
    private final Opened opened = new Opened();

    CopyStream(Driver driver, Gate gate) {
        this.driver = driver;
        this.gate = gate;
        this.stream = opened.add(driver.createStream(), driver::destroy);
        try {
            this.staging = opened.add(new Staging(driver, stream), Staging::close);
        } catch (RuntimeException | Error e) {
            opened.closeAfter(e);
            throw e;
        }
    }

    /**
     * Copies that come after what callers' streams shall come before.
     *
     * @param poll run before every piece; it may throw to end a copy
     */
    TensorCopies copies(Runnable poll) {
        gate.pass(stream);
        return new TensorCopies(staging, poll);
    }

    /** Waits for the copies. */
    void await() {
        staging.await();
    }

    /** Waits for the copies, and frees what they took. */
    @Override
    public void close() {
        driver.synchronize(stream);
        opened.close();
    }
}
