package org.ringwood.examples.trainer;

/**
 * The size of a language model.
 *
 * @param layers transformer layers
 * @param heads query heads
 * @param keyHeads key and value heads, which divide the query heads
 * @param headDim elements of a head, even
 */
record ModelSize(int layers, int heads, int keyHeads, int headDim) {
    /** Its vocabulary: the bytes. */
    static final int BYTES = 256;

    private static final int INNER = 4;

    /** @throws IllegalArgumentException if there is no such model */
    ModelSize {
        if (layers < 1 || keyHeads < 1 || heads % keyHeads != 0 || headDim < 2 || headDim % 2 != 0) {
            throw new IllegalArgumentException(
                    "a model of " + layers + " layers, " + heads + "/" + keyHeads + " heads of " + headDim
                            + " is none: key heads must divide heads, and the elements of a head be even");
        }
    }

    /** Elements of a token. */
    int width() {
        return heads * headDim;
    }

    /** Elements of a token's keys, and of its values. */
    int keyWidth() {
        return keyHeads * headDim;
    }

    /** Elements of a token within the feed-forward part of a layer. */
    int inner() {
        return INNER * width();
    }
}
