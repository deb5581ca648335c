package org.ringwood.runtime.cluster;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.GroupFailureException;

/**
 * Calls into the cluster. A call holds up its caller until it is answered, the job is known to have failed, or patience ends; what
 * Hazelcast throws becomes a failure that names who did not answer, where that is known.
 */
final class ClusterCalls {
    private final Member me;
    private final Health health;
    private final Function<String, Optional<Member>> keepers;
    private final Duration patience;

    /**
     * @param keepers who keeps the entries of a key, where that is known
     * @param patience how long an answer may take
     */
    ClusterCalls(Member me, Health health, Function<String, Optional<Member>> keepers, Duration patience) {
        this.me = me;
        this.health = health;
        this.keepers = keepers;
        this.patience = patience;
    }

    /**
     * Makes a call that concerns all members.
     *
     * @param doing what the caller does, for errors
     * @throws GroupFailureException if it is not answered
     */
    <T> T toAll(String doing, Supplier<T> call) {
        return make(doing, Optional.empty(), call);
    }

    /** As {@link #toAll}, but a call to whoever keeps the entries of a key. */
    <T> T toKeeper(String key, String doing, Supplier<T> call) {
        return make(doing, Optional.of(key), call);
    }

    private <T> T make(String doing, Optional<String> key, Supplier<T> call) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        Thread.ofVirtual().name("call").start(() -> {
            try {
                answer.complete(call.get());
            } catch (RuntimeException | Error failed) {
                answer.completeExceptionally(failed);
            }
        });
        try {
            CompletableFuture.anyOf(answer, health.first()).get(patience.toMillis(), TimeUnit.MILLISECONDS);
            if (answer.isDone()) {
                return answer.get();
            }
        } catch (ExecutionException failed) {
            requireKnown(failed.getCause(), doing, key);
        } catch (TimeoutException silence) {
            requireKnown(silence, doing, key);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while " + doing, interrupted);
        }
        throw new GroupFailureException(health.first().join().failure(), doing);
    }

    /** Where the job has failed already, a call that fails is a consequence; else it is the first cause. */
    private void requireKnown(@Nullable Throwable thrown, String doing, Optional<String> key) {
        if (health.jobFailure() == null) {
            Failure failure = CallFailure.of(thrown, me, key.flatMap(keepers), patience)
                    .orElseThrow(() -> new IllegalStateException("a call failed while " + doing, thrown));
            GroupFailureException unanswered = new GroupFailureException(failure, doing);
            unanswered.initCause(thrown);
            throw unanswered;
        }
    }
}
