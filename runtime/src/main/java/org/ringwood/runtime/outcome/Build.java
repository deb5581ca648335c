package org.ringwood.runtime.outcome;

import java.util.Optional;

/** What this build is. */
public final class Build {
    private Build() {}

    /** Version number of the build. */
    public static String version() {
        return Optional.ofNullable(Build.class.getPackage().getImplementationVersion())
                .orElse("development");
    }

    /** Commit that was built, {@code unknown} if the start script does not say. */
    public static String commit() {
        return System.getProperty("ringwood.commit", "unknown");
    }
}
