package org.ringwood.runtime.files;

/**
 * What the user gave, or the place it is to be used in, will not do: a file, a key, a shape, a full disk. The message is one
 * sentence that names the culprit and the remedy; programs end with exit code 2.
 */
public final class InputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** A refusal; {@code message} is one sentence. */
    public InputException(String message) {
        super(onOneLine(message));
    }

    /** A refusal with what brought it about. */
    public InputException(String message, Throwable cause) {
        super(onOneLine(message), cause);
    }

    /** Quoted keys and names may hold anything. */
    private static String onOneLine(String message) {
        return message.replaceAll("(\\p{Cntrl}|\\R)+", " ").strip();
    }
}
