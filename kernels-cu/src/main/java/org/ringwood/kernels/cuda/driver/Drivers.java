package org.ringwood.kernels.cuda.driver;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/** Finds the driver, once for the process. */
public final class Drivers {
    private Drivers() {}

    /**
     * The initialised driver.
     *
     * @throws UnsupportedOperationException if this machine has none that works; the message says why, and does not end in a full stop
     */
    public static Driver get() {
        Driver driver = Holder.FOUND.driver();
        if (driver == null) {
            throw new UnsupportedOperationException(Holder.FOUND.missing());
        }
        return driver;
    }

    private static final class Holder {
        static final Found FOUND = find();
    }

    /** The driver, or why there is none. */
    private record Found(@Nullable Driver driver, String missing) {}

    private static Found find() {
        try {
            return new Found(JCudaDriverCalls.load(), "");
        } catch (DriverException e) {
            return new Found(null, "the NVIDIA driver can't be initialised: " + e.getMessage());
        } catch (LinkageError e) {
            return new Found(null, explain(e));
        } catch (IOException | UncheckedIOException e) {
            return new Found(null, "JCuda's library can't be unpacked: " + e.getMessage());
        }
    }

    /** JCuda's class fails to initialise where its own library can't be linked to the driver's, or where it has none for this system. */
    private static String explain(LinkageError error) {
        String message = String.valueOf(error.getMessage());
        return message.contains("libcuda")
                ? "the NVIDIA driver's library libcuda.so.1 can't be loaded"
                : "JCuda can't be loaded: " + message.lines().findFirst().orElse("");
    }
}
