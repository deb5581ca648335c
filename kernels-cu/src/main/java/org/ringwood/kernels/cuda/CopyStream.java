package org.ringwood.kernels.cuda;

import org.ringwood.kernels.cuda.driver.Driver;

/** A stream of copies, which the device does beside its kernels. For one thread at a time. */
final class CopyStream implements AutoCloseable {
    private final Driver driver;
    private final Driver.Stream stream;
    private final Staging staging;
    private final TensorCopies copies;

    CopyStream(Driver driver) {
        this.driver = driver;
        this.stream = driver.createStream();
        this.staging = new Staging(driver, stream);
        this.copies = new TensorCopies(staging);
    }

    TensorCopies copies() {
        return copies;
    }

    /** Waits for the copies. */
    void await() {
        staging.await();
    }

    /** Waits for the copies, and frees what they took. */
    @Override
    public void close() {
        driver.synchronize(stream);
        staging.close();
        driver.destroy(stream);
    }
}
