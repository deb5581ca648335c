package org.ringwood.examples.trainer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;

/** Writes what a model would: byte after byte, each drawn as the model expects it after at most {@link #CONTEXT} others. */
record Samples(NDManager manager, LanguageModel model) {
    private static final int CONTEXT = 256;
    /** Below 1: rather what is expected. */
    private static final double TEMPERATURE = 0.7;

    /** The prompt and {@code count} bytes after it, which need not be whole characters. */
    String write(String prompt, int count, Random random) {
        byte[] start = prompt.getBytes(StandardCharsets.UTF_8);
        byte[] all = Arrays.copyOf(start, start.length + count);
        for (int i = start.length; i < all.length; i++) {
            all[i] = (byte) next(all, i, random);
        }
        return new String(all, StandardCharsets.UTF_8);
    }

    private int next(byte[] bytes, int end, Random random) {
        int from = Math.max(0, end - CONTEXT);
        long[] ids = new long[end - from];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = Byte.toUnsignedLong(bytes[from + i]);
        }
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            long[] positions = LongStream.range(0, ids.length).toArray();
            Rotary rotary = Rotary.of(manager, positions, model.size().headDim(), model.type());
            NDArray logits =
                    model.logits(manager.create(ids), rotary, LocalAttention.ofOneDocument(manager, ids.length));
            return draw(logits.get(ids.length - 1).div(TEMPERATURE).softmax(0).toFloatArray(), random);
        }
    }

    private static int draw(float[] weights, Random random) {
        double left = random.nextDouble();
        for (int i = 0; i < weights.length; i++) {
            left -= weights[i];
            if (left < 0) {
                return i;
            }
        }
        return weights.length - 1;
    }
}
