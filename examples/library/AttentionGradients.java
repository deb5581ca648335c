import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.execution.SavedAttention;
import org.ringwood.attention.execution.SequenceParallelAttention;
import org.ringwood.attention.plan.Plan;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Tensor;

/**
 * Forward and backward passes of causal attention over a sequence that all ranks share, timed; every rank runs this program. Arguments: tokens of
 * the whole sequence, and threads of a rank.
 */
public final class AttentionGradients {
    private static final int HEADS = 8;
    private static final int KEY_HEADS = 2;
    private static final int DIM = 64;
    private static final int WARM_UP = 3;
    private static final int STEPS = 7;

    public static void main(String[] args) {
        long tokens = args.length > 0 ? Long.parseLong(args[0]) : 8192;
        int threads = args.length > 1 ? Integer.parseInt(args[1]) : 1;
        try (ProcessGroup group = ProcessGroups.fromEnvironment();
                Device device = Devices.open(Devices.Kind.CPU, threads);
                var attention = new SequenceParallelAttention(group, device);
                Arena arena = Arena.ofShared()) {
            var shape = new AttentionShape(tokens, tokens, HEADS, KEY_HEADS, DIM, DIM, DType.F32);
            Plan plan = attention.plan(Mask.causal(tokens, tokens), shape);
            long rows = plan.queryPositions(group.rank()).rows();
            Tensor q = random(arena, rows, HEADS);
            Tensor k = random(arena, rows, KEY_HEADS);
            Tensor v = random(arena, rows, KEY_HEADS);
            Tensor out = random(arena, rows, HEADS);
            Tensor dOut = random(arena, rows, HEADS);
            Tensor dQ = random(arena, rows, HEADS);
            Tensor dK = random(arena, rows, KEY_HEADS);
            Tensor dV = random(arena, rows, KEY_HEADS);

            double fastest = Double.POSITIVE_INFINITY;
            for (int step = 0; step < WARM_UP + STEPS; step++) {
                group.barrier();
                long began = System.nanoTime();
                SavedAttention saved = attention.forward(plan, q, k, v, out);
                attention.backward(saved, dOut, dQ, dK, dV);
                group.barrier();
                fastest = step < WARM_UP ? fastest : Math.min(fastest, (System.nanoTime() - began) / 1e9);
            }
            if (group.rank() == 0) {
                System.out.println("%d tokens on %d ranks of %d threads: %.3f s forward and backward, %.2f us a token"
                        .formatted(tokens, group.size(), threads, fastest, fastest / tokens * 1e6));
            }
        }
    }

    private static Tensor random(Arena arena, long rows, int heads) {
        Tensor tensor = Tensor.dense(
                arena.allocate(Tensor.denseBytes(DType.F32, rows, heads, DIM), 64), DType.F32, rows, heads, DIM);
        var random = new SplittableRandom(7);
        for (long i = 0; i < rows * heads * DIM; i++) {
            tensor.memory().setAtIndex(JAVA_FLOAT, i, (float) random.nextGaussian());
        }
        return tensor;
    }
}
