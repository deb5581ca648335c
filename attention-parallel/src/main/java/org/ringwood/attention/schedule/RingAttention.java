package org.ringwood.attention.schedule;

import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.kernels.DType;

/**
 * Ring attention: every rank keeps its queries; blocks of keys and values go around from neighbour to neighbour, and while one is
 * attended the next arrives.
 *
 * <p><b>Cost.</b> P − 1 hops and {@code (P−1)·n·Hkv·(d+dv)·e} bytes sent a rank with a full mask and {@code n} keys a rank of
 * {@code e} bytes an element. With any other mask only rows travel that a later rank on the way needs, in the direction in which
 * that is less. Memory: the shard and two blocks, whatever P is.
 *
 * <p><b>When.</b> Long sequences whose attention takes longer than moving a block: then the network costs nothing. With a causal
 * mask take a zigzag, striped or balanced partition, else the last ranks do most of the work. Rows that are needed but do not adjoin
 * travel in a message for each run, which takes some ten microseconds: masks that pick single tokens pay for it, those of blocks do not.
 *
 * <p>Liu, Zaharia, Abbeel: Ring Attention with Blockwise Transformers for Near-Infinite Context, 2023. Striped partitions: Brandon
 * et al., Striped Attention, 2023. Sending no more than is needed: Li et al., DistFlashAttn, 2023.
 */
public final class RingAttention implements Schedule {
    /** Ring attention. */
    public RingAttention() {}

    @Override
    public String name() {
        return "ring";
    }

    @Override
    public Plan plan(Problem problem) {
        return Arrangement.ring(problem, 1).forward(name());
    }

    @Override
    public Plan backward(Problem problem, DType gradients) {
        return Arrangement.ring(problem, 1).backward(name(), gradients);
    }
}
