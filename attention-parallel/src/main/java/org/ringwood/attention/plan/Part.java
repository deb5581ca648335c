package org.ringwood.attention.plan;

import org.ringwood.collectives.Digest;

/**
 * A contiguous row range × head range of a buffer.
 *
 * @param buffer the tensor
 * @param fromRow first row
 * @param toRow one past the last row
 * @param fromHead first head
 * @param toHead one past the last head
 */
public record Part(Buffer buffer, long fromRow, long toRow, int fromHead, int toHead) {
    /** @throws IllegalArgumentException if the range leaves the buffer or has no head */
    public Part {
        if (fromRow < 0 || toRow < fromRow || toRow > buffer.rows()) {
            throw new IllegalArgumentException("rows [" + fromRow + ", " + toRow + ") are not among " + buffer.rows());
        }
        if (fromHead < 0 || toHead <= fromHead || toHead > buffer.heads()) {
            throw new IllegalArgumentException(
                    "heads [" + fromHead + ", " + toHead + ") are not among " + buffer.heads());
        }
    }

    /** Rows. */
    public long rows() {
        return toRow - fromRow;
    }

    /** Heads. */
    public int heads() {
        return toHead - fromHead;
    }

    /** Heads {@code [from, to)} of this part, counted from its own first one. */
    public Part heads(int from, int to) {
        return new Part(buffer, fromRow, toRow, fromHead + from, fromHead + to);
    }

    /** Whether it is the whole buffer. */
    public boolean isAll() {
        return rows() == buffer.rows() && heads() == buffer.heads();
    }

    /** Bytes of its elements, which is what a message with it carries. */
    public long bytes() {
        Buffer alone = new Buffer(
                buffer.id(),
                buffer.operand(),
                buffer.slot(),
                rows(),
                heads(),
                buffer.dim(),
                buffer.dtype(),
                buffer.space());
        return alone.bytes();
    }

    /** Digest of operand, shape and dtype, equal on both sides of a message. */
    public long digest() {
        return Digest.of(buffer.operand() + " " + buffer.dtype(), rows(), heads(), buffer.dim());
    }

    @Override
    public String toString() {
        return buffer.operand() + " rows [" + fromRow + ", " + toRow + ") heads [" + fromHead + ", " + toHead + ")";
    }
}
