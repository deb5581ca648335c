package org.ringwood.runtime.worker;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * A number that tells a job from every other, made of its token, which it does not give away.
 *
 * @param value the number
 */
public record Nonce(long value) {
    /** The nonce of the job with a token. */
    public static Nonce of(String token) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest(("ringwood nonce " + token).getBytes(StandardCharsets.UTF_8));
            return new Nonce(ByteBuffer.wrap(digest).getLong());
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError("every JDK has SHA-256", impossible);
        }
    }

    /** In hex, for names of files. */
    @Override
    public String toString() {
        return Long.toHexString(value);
    }
}
