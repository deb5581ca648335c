package org.ringwood.benchmarks;

import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} says. */
final class Version implements IVersionProvider {
    /** Commit that was built, {@code unknown} if the start script does not say. */
    static String commit() {
        return System.getProperty("ringwood.commit", "unknown");
    }

    @Override
    public String[] getVersion() {
        String version = Optional.ofNullable(Version.class.getPackage().getImplementationVersion())
                .orElse("development");
        return new String[] {"ringwood " + version + " (" + commit() + ")"};
    }
}
