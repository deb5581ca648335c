package org.ringwood.kernels.scalar;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.ringwood.kernels.DType;

/**
 * {@link ExactRow} in f32 arithmetic, every operation rounded: what a plain unsharded loop would give. Its distance from the truth
 * is the yardstick of every other result; see {@link Accuracy}.
 */
final class PlainRow {
    private final float[] query;
    private final float scale;
    private final float softcap;
    private final float[] weighted;
    private float max = Float.NEGATIVE_INFINITY;
    private float sum;

    PlainRow(float[] query, int dimV, float scale, float softcap) {
        this.query = query;
        this.scale = scale;
        this.softcap = softcap;
        this.weighted = new float[dimV];
    }

    void add(float[] key, float[] value, float factor) {
        float score = score(key);
        if (score > max) {
            rescale((float) Math.exp(max - score));
            max = score;
        }
        float weight = score == Float.NEGATIVE_INFINITY ? 0 : (float) Math.exp(score - max);
        sum += weight;
        for (int i = 0; i < weighted.length; i++) {
            weighted[i] += weight * factor * value[i];
        }
    }

    private float score(float[] key) {
        float dot = 0;
        for (int i = 0; i < query.length; i++) {
            dot += query[i] * key[i];
        }
        float score = scale * dot;
        return softcap > 0 ? softcap * (float) Math.tanh(score / softcap) : score;
    }

    private void rescale(float factor) {
        sum *= factor;
        for (int i = 0; i < weighted.length; i++) {
            weighted[i] *= factor;
        }
    }

    float out(int i) {
        return sum == 0 ? 0 : weighted[i] / sum;
    }

    double[] out(DType dtype) {
        MemorySegment element = Arena.ofAuto().allocate(Float.BYTES);
        double[] out = new double[weighted.length];
        for (int i = 0; i < out.length; i++) {
            dtype.set(element, 0, out(i));
            out[i] = dtype.get(element, 0);
        }
        return out;
    }

    float lse() {
        return max + (float) Math.log(sum);
    }
}
