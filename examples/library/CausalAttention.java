import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.execution.Execution;
import org.ringwood.attention.execution.SequenceParallelAttention;
import org.ringwood.attention.plan.Plan;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.ProcessGroups;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;

/** Causal attention over a sequence that all ranks share; every rank runs this program. */
public final class CausalAttention {
    public static void main(String[] args) {
        long tokens = 8192;
        int heads = 8;
        int kvHeads = 2;
        int dim = 64;
        try (ProcessGroup group = ProcessGroups.fromEnvironment();
                Device device = Devices.open(Devices.Kind.AUTO, 1);
                var attention = new SequenceParallelAttention(group, device);
                Arena arena = Arena.ofShared()) {
            var shape = new AttentionShape(tokens, tokens, heads, kvHeads, dim, dim, DType.F32);
            Plan plan = attention.plan(Mask.causal(tokens, tokens), shape); // once for all layers of a step

            // Row i of this rank's tensors is the token at mine.position(i): feed ids, labels and rotary angles accordingly.
            Positions mine = plan.queryPositions(group.rank());
            Tensor q = random(arena, mine.rows(), heads, dim);
            Tensor k = random(arena, mine.rows(), kvHeads, dim);
            Tensor v = random(arena, mine.rows(), kvHeads, dim);
            Tensor out = Tensor.allocate(arena, DType.F32, mine.rows(), heads, dim);
            Tensor lse = Tensor.allocate(arena, DType.F32, mine.rows(), heads, 1);

            Execution done = attention.forward(plan, q, k, v, out, lse);
            System.out.println("rank %d of %d: tokens %s, %d bytes sent, %d hops"
                    .formatted(group.rank(), group.size(), mine, done.traffic().bytes(), done.traffic().hops()));
        }
    }

    private static Tensor random(Arena arena, long rows, int heads, int dim) {
        Tensor tensor = Tensor.allocate(arena, DType.F32, rows, heads, dim);
        var random = new SplittableRandom(7);
        for (long i = 0; i < rows * heads * dim; i++) {
            tensor.memory().setAtIndex(JAVA_FLOAT, i, (float) random.nextGaussian());
        }
        return tensor;
    }
}
