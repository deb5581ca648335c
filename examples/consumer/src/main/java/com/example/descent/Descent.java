package com.example.descent;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.SplittableRandom;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.execution.SavedAttention;
import org.ringwood.attention.execution.SequenceParallelAttention;
import org.ringwood.attention.plan.Plan;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.collectives.Reducer;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;

/**
 * Teaches queries, keys and values by gradient descent to give an output that was drawn by lot. Every rank runs this program, and has its own tokens of
 * all tensors; the losses are those of one rank alone, however many there are.
 */
public final class Descent {
    private static final int TOKENS = 500;
    private static final int HEADS = 4;
    private static final int KEY_HEADS = 2;
    private static final int DIM = 16;
    private static final int STEPS = 6;
    private static final float RATE = 0.1f;

    private Descent() {}

    public static void main(String[] args) {
        try (ProcessGroup group = ProcessGroups.fromEnvironment();
                Device device = Devices.open(Devices.Kind.CPU, 1);
                var attention = new SequenceParallelAttention(group, device);
                Arena arena = Arena.ofShared()) {
            var shape = new AttentionShape(TOKENS, TOKENS, HEADS, KEY_HEADS, DIM, DIM, DType.F32);
            Plan plan = attention.plan(Mask.causal(TOKENS, TOKENS), shape);
            Positions mine = plan.queryPositions(group.rank());
            Tensor q = normal(arena, mine, HEADS, 1);
            Tensor k = normal(arena, mine, KEY_HEADS, 2);
            Tensor v = normal(arena, mine, KEY_HEADS, 3);
            Tensor wanted = normal(arena, mine, HEADS, 4);
            Tensor out = zeros(arena, mine, HEADS);
            Tensor dOut = zeros(arena, mine, HEADS);
            Tensor dQ = zeros(arena, mine, HEADS);
            Tensor dK = zeros(arena, mine, KEY_HEADS);
            Tensor dV = zeros(arena, mine, KEY_HEADS);

            for (int step = 1; step <= STEPS; step++) {
                SavedAttention saved = attention.forward(plan, q, k, v, out);
                float loss = sum(group, squares(out, wanted, dOut)) / TOKENS;
                attention.backward(saved, dOut, dQ, dK, dV);
                descend(q, dQ);
                descend(k, dK);
                descend(v, dV);
                if (group.rank() == 0) {
                    System.out.printf(Locale.ROOT, "step %d on %d ranks: loss %.4f%n", step, group.size(), loss);
                }
            }
        }
    }

    /** Half the squared distance of the output from what is wanted, and its gradient: the difference. */
    private static float squares(Tensor out, Tensor wanted, Tensor dOut) {
        double squares = 0;
        for (long i = 0; i < out.memory().byteSize() / Float.BYTES; i++) {
            float difference = out.memory().getAtIndex(JAVA_FLOAT, i) - wanted.memory().getAtIndex(JAVA_FLOAT, i);
            dOut.memory().setAtIndex(JAVA_FLOAT, i, difference);
            squares += 0.5 * difference * difference;
        }
        return (float) squares;
    }

    private static void descend(Tensor of, Tensor gradient) {
        for (long i = 0; i < of.memory().byteSize() / Float.BYTES; i++) {
            float step = RATE * gradient.memory().getAtIndex(JAVA_FLOAT, i);
            of.memory().setAtIndex(JAVA_FLOAT, i, of.memory().getAtIndex(JAVA_FLOAT, i) - step);
        }
    }

    /** The sum over all ranks, on every rank. */
    private static float sum(ProcessGroup group, float mine) {
        float[] number = {mine};
        group.allReduce(MemorySegment.ofArray(number), Float.BYTES, Reducer.sumOfFloats());
        return number[0];
    }

    private static Tensor zeros(Arena arena, Positions rows, int heads) {
        return Tensor.allocate(arena, DType.F32, rows.rows(), heads, DIM);
    }

    /** Rows that a token has wherever it is: they are drawn by its position in the whole sequence. */
    private static Tensor normal(Arena arena, Positions rows, int heads, long seed) {
        Tensor tensor = zeros(arena, rows, heads);
        for (long row = 0; row < rows.rows(); row++) {
            var random = new SplittableRandom(seed * TOKENS + rows.position(row));
            for (long i = row * heads * DIM; i < (row + 1) * heads * DIM; i++) {
                tensor.memory().setAtIndex(JAVA_FLOAT, i, (float) random.nextGaussian());
            }
        }
        return tensor;
    }
}
