package org.ringwood.runtime.cluster;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Liveness;
import org.ringwood.runtime.outcome.JobFailure;

/** What one process knows of the health of the job. The first failure stays; progress of others is told by the pulse. */
final class Health implements Liveness {
    private final CompletableFuture<JobFailure> first = new CompletableFuture<>();
    private final UnaryOperator<JobFailure> agree;
    private final Consumer<JobFailure> onFailure;
    private volatile long ownProgress = System.nanoTime();
    private volatile long othersProgress = ownProgress;
    private volatile long beats;

    /**
     * @param agree tells a failure to all ranks and returns the one that was first among them
     * @param onFailure hears of the first failure once it is known here
     */
    Health(UnaryOperator<JobFailure> agree, Consumer<JobFailure> onFailure) {
        this.agree = agree;
        this.onFailure = onFailure;
    }

    @Override
    public @Nullable Failure failure() {
        JobFailure known = jobFailure();
        return known == null ? null : known.failure();
    }

    @Nullable
    JobFailure jobFailure() {
        return first.getNow(null);
    }

    /** Is completed by the first failure, and by nothing else. */
    CompletableFuture<JobFailure> first() {
        return first.copy();
    }

    @Override
    public void report(Failure failure) {
        fail(JobFailure.of(failure));
    }

    void fail(JobFailure mine) {
        if (!first.isDone()) {
            learn(agree.apply(mine));
        }
    }

    /** Takes note of a failure that all ranks get to know by the same way. */
    void learn(JobFailure agreed) {
        if (first.complete(agreed)) {
            onFailure.accept(agreed);
        }
    }

    // Called by the one thread that drives the group; the pulse only reads.
    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate")
    public void progressed() {
        beats++;
        ownProgress = System.nanoTime();
    }

    void othersProgressed() {
        othersProgress = System.nanoTime();
    }

    /** Changes whenever this rank makes progress. */
    long beats() {
        return beats;
    }

    @Override
    public long lastProgressNanos() {
        long own = ownProgress;
        long others = othersProgress;
        return own - others > 0 ? own : others;
    }
}
