package org.ringwood.kernels.cuda;

import java.util.Arrays;

/** Records of ints that a kernel reads, all of one length; a 64-bit field is two of them, the lower half first. */
final class IntTable {
    /** In ints: 16 bytes. */
    private static final int ALIGNMENT = 4;

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

    /** Ints that it takes in front of another table: 64-bit fields are read as such. */
    int paddedLength() {
        return Math.ceilDiv(used, ALIGNMENT) * ALIGNMENT;
    }

    /** Copies the records, one after the other. */
    void copyTo(int[] target, int at) {
        System.arraycopy(words, 0, target, at, used);
    }
}
