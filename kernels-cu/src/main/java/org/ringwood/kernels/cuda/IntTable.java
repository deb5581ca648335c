package org.ringwood.kernels.cuda;

import java.util.Arrays;

/** Records of ints that a kernel reads, all of one length; a 64-bit field is two of them, the lower half first. */
final class IntTable {
    private final int width;
    private int[] words;
    private int used;

    /** An empty table of records of {@code width} ints. */
    IntTable(int width) {
        this.width = width;
        this.words = new int[16 * width];
    }

    /** Appends a record. */
    void add(int... record) {
        if (used + width > words.length) {
            words = Arrays.copyOf(words, Math.multiplyExact(words.length, 2));
        }
        System.arraycopy(record, 0, words, used, width);
        used += width;
    }

    int size() {
        return used / width;
    }

    int get(int record, int field) {
        return words[record * width + field];
    }

    void set(int record, int field, int value) {
        words[record * width + field] = value;
    }

    long bytes() {
        return (long) used * Integer.BYTES;
    }

    /** The records one after the other; only the first {@link #bytes} count. */
    int[] words() {
        return words;
    }
}
