package org.ringwood.collectives.connect;

import org.agrona.DirectBuffer;

/** What the JVM must be started with, so that ranks of other processes can be reached. */
final class JvmFlags {
    /** Agrona's buffers, through which ranks of a node and Aeron talk, are made of it. */
    private static final String UNSAFE = "jdk.internal.misc";

    private JvmFlags() {}

    /** @throws UnsupportedOperationException naming the flag that is missing */
    static void require() {
        Module agrona = DirectBuffer.class.getModule();
        if (!Object.class.getModule().isExported(UNSAFE, agrona)) {
            throw new UnsupportedOperationException(
                    "this JVM was started without the flags that Ringwood needs: start it with those of"
                            + " cluster-configs/ringwood.args, java @ringwood.args, of which --add-opens java.base/"
                            + UNSAFE + "="
                            + (agrona.isNamed() ? agrona.getName() : "ALL-UNNAMED") + " is missing");
        }
    }
}
