package org.ringwood.runtime.cli;

import org.ringwood.runtime.outcome.Build;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} says. */
public final class Version implements IVersionProvider {
    /** Made by picocli. */
    public Version() {}

    @Override
    public String[] getVersion() {
        return new String[] {"ringwood " + Build.version() + " (" + Build.commit() + ")"};
    }
}
