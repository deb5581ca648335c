package org.ringwood.kernels.cpu;

import java.util.ArrayList;
import java.util.List;
import org.ringwood.kernels.Slice;

/** Walks over the keys that some slices reach, block by block, leaving out what lies between. */
final class KeyBlocks {
    private final List<Slice> sorted;
    private final int length;
    private final List<Slice> touching = new ArrayList<>();
    private int following;
    private long from;
    private long to;

    /** Starts before the first block of at most {@code length} keys; the slices are sorted by first key. */
    KeyBlocks(List<Slice> sorted, int length) {
        this.sorted = sorted;
        this.length = length;
    }

    /** Goes to the next block; false at the end. */
    boolean next() {
        long done = to;
        touching.removeIf(slice -> slice.kTo() <= done);
        if (touching.isEmpty()) {
            if (following == sorted.size()) {
                return false;
            }
            from = sorted.get(following).kFrom();
        } else {
            from = done;
        }
        for (; following < sorted.size() && sorted.get(following).kFrom() < from + length; following++) {
            touching.add(sorted.get(following));
        }
        long end = from;
        for (Slice slice : touching) {
            end = Math.max(end, slice.kTo());
        }
        to = Math.min(from + length, end);
        return true;
    }

    /** First key of the block. */
    long from() {
        return from;
    }

    /** One past its last key. */
    long to() {
        return to;
    }

    /** The slices that reach into the block. */
    List<Slice> slices() {
        return touching;
    }
}
