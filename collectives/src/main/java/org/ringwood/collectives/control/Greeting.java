package org.ringwood.collectives.control;

import java.net.ProtocolException;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.control.Message.Accepted;
import org.ringwood.collectives.control.Message.Challenge;
import org.ringwood.collectives.control.Message.Hello;

/** A member's part in the greeting, by which it and the hub come to trust each other. */
final class Greeting {
    private final Token token;
    private final int rank;
    private final int size;
    private final String host;
    private @Nullable Challenge challenge;
    private @Nullable Hello hello;

    Greeting(Token token, int rank, int size, String host) {
        this.token = token;
        this.rank = rank;
        this.size = size;
        this.host = host;
    }

    Hello answer(Challenge asked) throws ProtocolException {
        if (asked.version() != Wire.VERSION) {
            throw new ProtocolException(
                    "version %d of the protocol, this rank speaks version %d; use the same Ringwood everywhere"
                            .formatted(asked.version(), Wire.VERSION));
        }
        Hello answer =
                token.answer(asked, rank, size, host, ProcessHandle.current().pid());
        challenge = asked;
        hello = answer;
        return answer;
    }

    void check(Accepted accepted) throws ProtocolException {
        if (challenge == null || hello == null || !token.admits(challenge, hello, accepted)) {
            throw new ProtocolException("a wrong proof that it knows the token; another program has its port");
        }
    }
}
