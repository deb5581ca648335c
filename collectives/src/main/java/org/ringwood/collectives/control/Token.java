package org.ringwood.collectives.control;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.ringwood.collectives.control.Message.Accepted;
import org.ringwood.collectives.control.Message.Challenge;
import org.ringwood.collectives.control.Message.Hello;

/**
 * The secret that all ranks of a job share. It never travels: hub and member prove to each other that they know it, by an
 * HMAC over nonces of both and all that the member says of itself.
 */
final class Token {
    private static final String ALGORITHM = "HmacSHA256";
    private static final int NONCE_BYTES = 32;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final SecretKeySpec key;

    /** @throws IllegalArgumentException if it is empty */
    Token(String secret) {
        if (secret.isEmpty()) {
            throw new IllegalArgumentException("the token is empty; give every rank the same random one");
        }
        key = new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), ALGORITHM);
    }

    /** The hub's question. */
    static Challenge challenge() {
        return new Challenge(Wire.VERSION, nonce());
    }

    /** The member's answer. */
    Hello answer(Challenge challenge, int rank, int size, String host, long pid) {
        Hello unproven = new Hello(rank, size, host, pid, nonce(), "");
        return new Hello(rank, size, host, pid, unproven.nonce(), proofOfMember(challenge, unproven));
    }

    /** Whether a member knows the secret. */
    boolean admits(Challenge challenge, Hello hello) {
        return equal(hello.proof(), proofOfMember(challenge, hello));
    }

    /** The hub's proof to the member. */
    Accepted accept(Challenge challenge, Hello hello) {
        return new Accepted(proofOfHub(challenge, hello));
    }

    /** Whether the hub knows the secret. */
    boolean admits(Challenge challenge, Hello hello, Accepted accepted) {
        return equal(accepted.proof(), proofOfHub(challenge, hello));
    }

    private String proofOfMember(Challenge challenge, Hello hello) {
        return mac(
                "member",
                challenge.nonce(),
                hello.nonce(),
                Integer.toString(hello.rank()),
                Integer.toString(hello.size()),
                hello.host(),
                Long.toString(hello.pid()));
    }

    private String proofOfHub(Challenge challenge, Hello hello) {
        return mac("hub", challenge.nonce(), hello.nonce());
    }

    private static String nonce() {
        byte[] nonce = new byte[NONCE_BYTES];
        RANDOM.nextBytes(nonce);
        return HexFormat.of().formatHex(nonce);
    }

    /** Each part with its length, so that no two lists of parts look alike. */
    private String mac(String... parts) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            for (String part : parts) {
                byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
                mac.update((byte) (bytes.length >>> 8));
                mac.update((byte) bytes.length);
                mac.update(bytes);
            }
            return HexFormat.of().formatHex(mac.doFinal());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK has no " + ALGORITHM, e);
        }
    }

    /** In a time that does not depend on where they differ. */
    private static boolean equal(String a, String b) {
        return MessageDigest.isEqual(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
    }
}
