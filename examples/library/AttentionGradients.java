import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Locale;
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
 * Times forward and backward passes of causal attention: by all ranks together, and in turn with that by the first rank alone, on as many threads as all have.
 * Every rank runs this program. Arguments: tokens of the whole sequence, threads of a rank, rounds.
 */
public final class AttentionGradients {
    private static final int HEADS = 8;
    private static final int KEY_HEADS = 2;
    private static final int DIM = 64;
    private static final int WARM_UP = 5;

    public static void main(String[] args) {
        long tokens = args.length > 0 ? Long.parseLong(args[0]) : 8192;
        int threads = args.length > 1 ? Integer.parseInt(args[1]) : 1;
        int rounds = args.length > 2 ? Integer.parseInt(args[2]) : 21;
        try (ProcessGroup group = ProcessGroups.fromEnvironment();
                ProcessGroup oneself = group.split(group.rank(), 0);
                Passes shared = new Passes(group, threads, tokens);
                Passes whole = new Passes(oneself, threads * group.size(), tokens)) {
            double[] together = new double[rounds];
            double[] alone = new double[rounds];
            for (int round = -WARM_UP; round < rounds; round++) {
                double ranks = shared.seconds();
                // The others wait for the next round.
                double process = group.rank() == 0 ? whole.seconds() : 0;
                if (round >= 0) {
                    together[round] = ranks;
                    alone[round] = process;
                }
            }
            if (group.rank() == 0) {
                tell(group.size() + " ranks of " + threads + " threads", together, tokens);
                tell("1 rank of " + group.size() * threads + " threads", alone, tokens);
                double[] ratios = new double[rounds];
                Arrays.setAll(ratios, round -> together[round] / alone[round]);
                Arrays.sort(ratios);
                System.out.printf(
                        Locale.ROOT,
                        "ratio of a round: %.2f, half of them %.2f to %.2f%n",
                        ratios[rounds / 2],
                        ratios[rounds / 4],
                        ratios[rounds - 1 - rounds / 4]);
            }
        }
    }

    private static void tell(String who, double[] seconds, long tokens) {
        double[] sorted = seconds.clone();
        Arrays.sort(sorted);
        System.out.printf(
                Locale.ROOT,
                "%d tokens, %s: %.2f us a token, fastest %.2f%n",
                tokens,
                who,
                sorted[sorted.length / 2] / tokens * 1e6,
                sorted[0] / tokens * 1e6);
    }

    /** Both passes over a sequence that a group shares. */
    private static final class Passes implements AutoCloseable {
        private final Arena arena = Arena.ofShared();
        private final ProcessGroup group;
        private final Device device;
        private final SequenceParallelAttention attention;
        private final Plan plan;
        private final Tensor q;
        private final Tensor k;
        private final Tensor v;
        private final Tensor out;
        private final Tensor dOut;
        private final Tensor dQ;
        private final Tensor dK;
        private final Tensor dV;

        Passes(ProcessGroup group, int threads, long tokens) {
            this.group = group;
            this.device = Devices.open(Devices.Kind.CPU, threads);
            this.attention = new SequenceParallelAttention(group, device);
            this.plan = attention.plan(
                    Mask.causal(tokens, tokens),
                    new AttentionShape(tokens, tokens, HEADS, KEY_HEADS, DIM, DIM, DType.F32));
            this.q = random(HEADS);
            this.k = random(KEY_HEADS);
            this.v = random(KEY_HEADS);
            this.out = random(HEADS);
            this.dOut = random(HEADS);
            this.dQ = random(HEADS);
            this.dK = random(KEY_HEADS);
            this.dV = random(KEY_HEADS);
        }

        private Tensor random(int heads) {
            long rows = plan.queryPositions(group.rank()).rows();
            Tensor tensor = Tensor.allocate(arena, DType.F32, rows, heads, DIM);
            var random = new SplittableRandom(7);
            for (long i = 0; i < rows * heads * DIM; i++) {
                tensor.memory().setAtIndex(JAVA_FLOAT, i, (float) random.nextGaussian());
            }
            return tensor;
        }

        /** Seconds from when all ranks are there until all are done. */
        double seconds() {
            group.barrier();
            long began = System.nanoTime();
            SavedAttention saved = attention.forward(plan, q, k, v, out);
            attention.backward(saved, dOut, dQ, dK, dV);
            group.barrier();
            return (System.nanoTime() - began) / 1e9;
        }

        @Override
        public void close() {
            attention.close();
            device.close();
            arena.close();
        }
    }
}
