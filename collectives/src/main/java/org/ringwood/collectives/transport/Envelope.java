package org.ringwood.collectives.transport;

/**
 * What a message is. Sender and receiver make it independently and must come to the same one.
 *
 * @param job nonce of the job; a message of another job is refused
 * @param group id of the process group
 * @param epoch generation of the group; a message of another epoch is refused
 * @param source sending rank, in the whole job
 * @param destination receiving rank, in the whole job
 * @param operation number of the operation within the group
 * @param hop network step within the operation
 * @param tag message within the hop
 * @param bytes length of the payload
 * @param digest of what the ranks believe to be doing: operation name, shape and dtype
 */
public record Envelope(
        long job,
        int group,
        int epoch,
        int source,
        int destination,
        long operation,
        int hop,
        int tag,
        long bytes,
        long digest) {

    /** What identifies a message on its way; the rest of the envelope must then agree. */
    public record Key(int group, int source, int destination, long operation, int hop, int tag) {}

    /** The same message with another payload. */
    public Envelope with(long otherBytes, long otherDigest) {
        return new Envelope(job, group, epoch, source, destination, operation, hop, tag, otherBytes, otherDigest);
    }

    /** A message of the same hop in the other direction. */
    public Envelope back(int otherTag, long otherBytes) {
        int from = destination;
        int to = source;
        return new Envelope(job, group, epoch, from, to, operation, hop, otherTag, otherBytes, digest);
    }

    /** The identifying part. */
    public Key key() {
        return new Key(group, source, destination, operation, hop, tag);
    }
}
