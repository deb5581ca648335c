package org.ringwood.runtime.planning;

import org.ringwood.attention.PartitionRule;

/**
 * The names behind a planned schedule: all that one rank needs to tell the others, who make the plan themselves.
 *
 * @param schedule its name
 * @param partition its rule
 * @param reason why, or empty
 */
public record Decision(String schedule, PartitionRule partition, String reason) {
    private static final int FIELDS = 3;

    /** As one line of text. */
    public String encode() {
        return schedule + " " + partition.name() + " " + reason;
    }

    /** Reads what {@link #encode} wrote. */
    public static Decision decode(String text) {
        String[] fields = text.split(" ", FIELDS);
        return new Decision(fields[0], PartitionRule.valueOf(fields[1]), fields[2]);
    }
}
