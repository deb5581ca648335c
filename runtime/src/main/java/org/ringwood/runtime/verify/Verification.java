package org.ringwood.runtime.verify;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.ringwood.attention.Mask;
import org.ringwood.attention.Ranges;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.Cancellation;
import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;
import org.ringwood.kernels.scalar.Accuracy;
import org.ringwood.kernels.scalar.Oracle;
import org.ringwood.runtime.job.Inputs;
import org.ringwood.runtime.job.Verify;
import org.ringwood.runtime.tensors.TensorShape;
import org.ringwood.runtime.tensors.TensorSource;

/**
 * Compares a rank's rows of a result with the oracle, which reads queries, keys and values from their sources again, a block
 * at a time and only where a mask admits them: a wrong load shows as well, and memory does not grow with the sequence.
 */
public final class Verification {
    private static final long BLOCK_BYTES = 8 << 20;
    /** Pairs that are followed at once; each costs a few KiB. */
    private static final int GROUP = 1024;

    private final Inputs inputs;
    private final Mask mask;
    private final float softcap;
    private final Verify extent;
    private final int threads;
    private final Cancellation cancellation;

    /**
     * What results are compared with.
     *
     * @param inputs of the job
     * @param mask over all items
     * @param softcap bound of the scores, 0 for none
     * @param extent which pairs are compared
     * @param threads that compute the oracle, at least 1
     * @param cancellation looked at before every pair
     */
    public Verification(
            Inputs inputs, Mask mask, float softcap, Verify extent, int threads, Cancellation cancellation) {
        this.inputs = inputs;
        this.mask = mask;
        this.softcap = softcap;
        this.extent = extent;
        this.threads = threads;
        this.cancellation = cancellation;
    }

    /** Hears how far a verification is, after every block of keys; called by the thread that verifies. */
    @FunctionalInterface
    public interface Listener {
        /** So many pairs are done, of so many. */
        void advanced(long pairs, long ofPairs);
    }

    /** A pair, the keys it admits, and the oracle that follows them. */
    private record Followed(Samples.Pair pair, Ranges keys, Oracle oracle) {}

    /**
     * Judges a rank's rows.
     *
     * @param rows global row of every row of the tensors
     * @param out {@code [rows, heads, dimV]}
     * @param lse {@code [rows, heads, 1]}
     * @param listener hears how far it is
     * @return of the compared pairs; of none if nothing is to be compared or the rank has no rows
     * @throws CancellationException if it was cancelled
     */
    public Accuracy judge(Positions rows, Tensor out, Tensor lse, Listener listener) {
        TensorShape queries = inputs.queries().shape();
        List<Samples.Pair> pairs = Samples.of(extent, rows, queries.tokens(), queries.heads());
        Accuracy accuracy = Accuracy.none(out.dtype());
        float[] row = new float[out.dim()];
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            for (int from = 0; from < pairs.size(); from += GROUP) {
                List<Samples.Pair> group = pairs.subList(from, Math.min(pairs.size(), from + GROUP));
                int before = from;
                Listener ofGroup =
                        (keys, ofKeys) -> listener.advanced(before + group.size() * keys / ofKeys, pairs.size());
                for (Followed followed : follow(group, pool, ofGroup)) {
                    Samples.Pair pair = followed.pair();
                    out.read(pair.local(), pair.head(), row, 0);
                    accuracy = accuracy.and(
                            followed.oracle().judge(out.dtype(), row, lse.get(pair.local(), pair.head(), 0)));
                }
            }
        }
        return accuracy;
    }

    /** Shows the pairs all keys that they admit; the listener hears of keys instead of pairs. */
    private List<Followed> follow(List<Samples.Pair> pairs, ExecutorService pool, Listener listener) {
        List<Followed> followed = new ArrayList<>(pairs.size());
        List<Chunk> needed = new ArrayList<>();
        for (Samples.Pair pair : pairs) {
            Ranges keys = mask.keysNeededBy(Positions.range(pair.row(), pair.row() + 1));
            needed.addAll(keys.chunks());
            followed.add(new Followed(pair, keys, oracle(pair)));
        }
        Ranges all = Ranges.of(needed);
        long tokens = blockTokens();
        long done = 0;
        for (Chunk run : all.chunks()) {
            for (long from = run.from(); from < run.to(); from += tokens) {
                Chunk block = new Chunk(from, Math.min(run.to(), from + tokens));
                addBlock(followed, block, pool);
                done += block.length();
                listener.advanced(done, all.size());
            }
        }
        return followed;
    }

    private Oracle oracle(Samples.Pair pair) {
        TensorShape shape = inputs.queries().shape();
        float[] query = new float[shape.dim()];
        try (Arena arena = Arena.ofConfined()) {
            Tensor row = Tensor.dense(
                    arena.allocate((long) shape.dim() * shape.dtype().bytes()), shape.dtype(), 1, 1, shape.dim());
            inputs.queries().read(Positions.range(pair.row(), pair.row() + 1), pair.head(), row);
            row.read(0, 0, query, 0);
        }
        return new Oracle(query, inputs.values().shape().dim(), inputs.scale(), softcap);
    }

    private long blockTokens() {
        long tokenBytes = 0;
        for (TensorSource source : List.of(inputs.keys(), inputs.values())) {
            tokenBytes += source.shape().bytes() / source.shape().tokens();
        }
        return Math.max(1, BLOCK_BYTES / tokenBytes);
    }

    private void addBlock(List<Followed> followed, Chunk block, ExecutorService pool) {
        try (Arena arena = Arena.ofShared()) {
            Tensor keys = read(inputs.keys(), block, arena);
            Tensor values = read(inputs.values(), block, arena);
            List<Callable<Void>> parts = new ArrayList<>(threads);
            for (int thread = 0; thread < threads; thread++) {
                int first = thread;
                parts.add(() -> {
                    // A block of keys may take seconds, which is too long to wait for the end of a job that failed.
                    for (int i = first; i < followed.size() && !cancellation.requested(); i += threads) {
                        add(followed.get(i), block, keys, values);
                    }
                    return null;
                });
            }
            for (Future<Void> part : pool.invokeAll(parts)) {
                part.get();
            }
            if (cancellation.requested()) {
                throw new CancellationException("verification was cancelled");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("verification was interrupted");
        } catch (ExecutionException e) {
            throw new IllegalStateException("the oracle failed: " + e.getCause(), e.getCause());
        }
    }

    private static Tensor read(TensorSource source, Chunk block, Arena arena) {
        TensorShape shape = source.shape();
        long bytes = Tensor.denseBytes(shape.dtype(), block.length(), shape.heads(), shape.dim());
        Tensor tensor = Tensor.dense(arena.allocate(bytes), shape.dtype(), block.length(), shape.heads(), shape.dim());
        source.read(Positions.range(block.from(), block.to()), 0, tensor);
        return tensor;
    }

    private void add(Followed followed, Chunk block, Tensor keys, Tensor values) {
        int head = AttentionCall.keyHead(
                followed.pair().head(), inputs.queries().shape().heads(), keys.heads());
        for (Chunk run : followed.keys().chunks()) {
            long from = Math.max(run.from(), block.from()) - block.from();
            long to = Math.min(run.to(), block.to()) - block.from();
            if (from < to) {
                followed.oracle().add(keys, values, head, from, to);
            }
        }
    }
}
