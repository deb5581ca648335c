package org.ringwood.runtime.cluster;

/**
 * How far a rank is.
 *
 * @param phase what it does, for people, such as {@code attending by ring}
 * @param done units of work done in this phase
 * @param total units of work of this phase, 0 if unknown
 */
public record Progress(String phase, long done, long total) {
    /** Before anything was done. */
    public static final Progress NONE = new Progress("starting", 0, 0);
}
