package org.ringwood.runtime.sweep;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import org.ringwood.collectives.PortRange;
import org.ringwood.collectives.Timeouts;
import org.ringwood.runtime.job.Input;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.job.Verify;

/**
 * One thing to be measured: an ordinary job with one schedule and random input, on a number of workers and nodes.
 *
 * @param job with its number of workers
 * @param nodes that the workers are spread over
 * @param scaling how its tokens were found
 * @param mask as the sweep file writes it
 * @param baseline id of the row that it is compared with; empty if there is none, or if it is a baseline itself
 */
public record Row(Job job, int nodes, Scaling scaling, String mask, Optional<String> baseline) {
    private static final int ID_LENGTH = 12;

    /** The row with what it is compared with. */
    Row comparedWith(Row other) {
        return new Row(job, nodes, scaling, mask, Optional.of(other.id()));
    }

    /** Number of workers. */
    public int workers() {
        return job.workers().orElseThrow();
    }

    /** Number of processes that its ranks are: one, if they are threads. */
    public int processes() {
        return job.transport() == Job.Transport.INPROCESS ? 1 : workers();
    }

    /** Number of machines that its processes are started on. */
    public int machines() {
        return processes() == 1 ? 1 : nodes;
    }

    /** Sizes of the attention. */
    public Input.Random sizes() {
        return (Input.Random) job.input();
    }

    /** The element type, as job files write it. */
    public String dtype() {
        return sizes().dtype().name().toLowerCase(Locale.ROOT);
    }

    /** The one schedule. */
    public Job.Schedule schedule() {
        return job.attention().schedules().getFirst();
    }

    /**
     * A short name made of all that decides what is computed and how, the same in every run of every sweep that has such a row.
     */
    public String id() {
        Job essence = new Job(
                job.workers(),
                job.threads(),
                job.cpus(),
                job.devices(),
                job.deviceMemory(),
                job.speeds(),
                job.transport(),
                new Job.Network(Optional.empty(), PortRange.FREE),
                Timeouts.DEFAULT,
                job.attention(),
                job.input(),
                Optional.empty(),
                new Verify.None(),
                Optional.empty(),
                Optional.empty());
        return digest("nodes: " + nodes + "\n" + essence.text()).substring(0, ID_LENGTH);
    }

    static String digest(String text) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError("every JDK has SHA-256", impossible);
        }
    }

    /** For people: what this row is, in a line. */
    @Override
    public String toString() {
        Input.Random sizes = sizes();
        return schedule() + " " + job.attention().partition() + ", " + workers() + " workers on " + nodes + " nodes, "
                + (sizes.queries() == sizes.tokens() ? "" : sizes.queries() + " queries, ") + sizes.tokens()
                + " tokens, heads " + sizes.heads() + "/" + sizes.kvHeads() + " of " + sizes.dim()
                + (sizes.dim() == sizes.dimV() ? "" : "/" + sizes.dimV()) + " " + dtype() + ", " + mask + ", "
                + job.transport();
    }
}
