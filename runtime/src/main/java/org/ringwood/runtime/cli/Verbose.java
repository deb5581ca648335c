package org.ringwood.runtime.cli;

/** A command that can be asked for more detail. */
interface Verbose {
    /** Whether stack traces and logs are shown. */
    boolean verbose();
}
