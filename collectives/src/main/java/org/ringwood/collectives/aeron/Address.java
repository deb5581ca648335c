package org.ringwood.collectives.aeron;

/**
 * What a rank publishes for its peers.
 *
 * @param endpoint host and port that it receives datagrams on; {@value #NONE} if no peer of it uses UDP
 * @param eagerBytes largest message that it takes before it posted the receive
 * @param eagerBudgetBytes what it holds of such messages from one peer
 * @param pid its process
 * @param host its host, for errors
 */
record Address(String endpoint, int eagerBytes, int eagerBudgetBytes, long pid, String host) {
    static final String NONE = "-";

    private static final int FIELDS = 5;

    String encoded() {
        return "%s %d %d %d %s".formatted(endpoint, eagerBytes, eagerBudgetBytes, pid, host);
    }

    static Address decode(String encoded) {
        String[] fields = encoded.split(" ", FIELDS);
        if (fields.length != FIELDS) {
            throw new IllegalArgumentException("not the Aeron address of a rank: " + encoded);
        }
        return new Address(
                fields[0],
                Integer.parseInt(fields[1]),
                Integer.parseInt(fields[2]),
                Long.parseLong(fields[3]),
                fields[4]);
    }

    boolean isEager(long bytes) {
        return bytes <= eagerBytes;
    }
}
