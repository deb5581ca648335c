package org.ringwood.runtime.files;

/** Text of unknown origin, made fit to stand in a sentence. */
public final class Shown {
    private static final int MOST = 80;

    private Shown() {}

    /** The text in quotes, without control characters and cut to a readable length. */
    public static String quoted(String text) {
        String cut = text.length() <= MOST ? text : text.substring(0, MOST) + "…";
        return "\"" + cut.replaceAll("\\p{Cntrl}|\\R", "?") + "\"";
    }
}
