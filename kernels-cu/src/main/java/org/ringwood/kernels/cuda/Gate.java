package org.ringwood.kernels.cuda;

import org.ringwood.kernels.cuda.driver.Driver;

/** Where streams of the device wait for what callers have queued in streams of their own. For any thread. */
final class Gate implements AutoCloseable {
    private final Driver driver;
    private final Opened opened = new Opened();
    /** Comes after the work of all callers so far; nothing else is in it. */
    private final Driver.Stream arrivals;

    private final Driver.Event caller;
    private final Driver.Event all;
    private volatile boolean used;

    Gate(Driver driver) {
        this.driver = driver;
        try {
            this.arrivals = opened.add(driver.createStream(), driver::destroy);
            this.caller = opened.add(driver.createEvent(), driver::destroy);
            this.all = opened.add(driver.createEvent(), driver::destroy);
        } catch (RuntimeException | Error e) {
            opened.closeAfter(e);
            throw e;
        }
    }

    /** Whoever passes from now on comes after what the caller's stream has got so far. */
    synchronized void comeAfter(long stream) {
        driver.record(caller, stream);
        driver.await(arrivals, caller);
        driver.record(all, arrivals);
        used = true;
    }

    /** Lets a stream wait for all that it shall come after. */
    void pass(Driver.Stream stream) {
        if (used) {
            driver.await(stream, all);
        }
    }

    @Override
    public void close() {
        opened.close();
    }
}
