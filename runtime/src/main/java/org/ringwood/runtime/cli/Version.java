package org.ringwood.runtime.cli;

import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/** What this build is. */
public final class Version implements IVersionProvider {
    /** Made by picocli. */
    public Version() {}

    /** Version number of the build. */
    public static String number() {
        return Optional.ofNullable(Version.class.getPackage().getImplementationVersion())
                .orElse("development");
    }

    /** Commit that was built, {@code unknown} if the start script does not say. */
    public static String commit() {
        return System.getProperty("ringwood.commit", "unknown");
    }

    @Override
    public String[] getVersion() {
        return new String[] {"ringwood " + number() + " (" + commit() + ")"};
    }
}
