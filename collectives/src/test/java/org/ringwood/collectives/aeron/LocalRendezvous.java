package org.ringwood.collectives.aeron;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.Rendezvous;

/** The rendezvous of ranks that are threads of one JVM. */
final class LocalRendezvous implements Rendezvous {
    private final Map<String, CompletableFuture<String>> values = new ConcurrentHashMap<>();

    @Override
    public void publish(String key, String value) {
        if (!future(key).complete(value)) {
            throw new IllegalStateException(key + " was published twice");
        }
    }

    @Override
    public String await(String key, Duration timeout) {
        try {
            return future(key).get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            Failure failure = new Failure(Rendezvous.owner(key), "?", 0, Cause.SILENT, "did not publish " + key);
            throw new GroupFailureException(failure, "waiting for " + key);
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private CompletableFuture<String> future(String key) {
        return values.computeIfAbsent(key, k -> new CompletableFuture<>());
    }
}
