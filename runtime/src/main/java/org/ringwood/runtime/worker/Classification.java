package org.ringwood.runtime.worker;

import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.MemoryExhaustedException;
import org.ringwood.runtime.cluster.Member;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.outcome.JobFailure;

/** What an exception on a rank means for the job. */
public final class Classification {
    private Classification() {}

    /** Who did what, and the exit code that it means for every rank. */
    public static JobFailure of(Throwable thrown, Member me) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            switch (cause) {
                case GroupFailureException known -> {
                    return JobFailure.of(known.failure());
                }
                case InputException bad -> {
                    return badInput(me, bad.getMessage());
                }
                case MemoryExhaustedException exhausted -> {
                    return badInput(me, exhausted.getMessage());
                }
                case OutOfMemoryError exhausted -> {
                    return noMemory(me, exhausted);
                }
                case InternalError fault
                when isOfMappedMemory(fault) -> {
                    return noBacking(me);
                }
                default -> {
                    // What is behind it may be known.
                }
            }
        }
        return new JobFailure(me.failure(Failure.Cause.ERROR, "failed: " + thrown), ExitStatus.INTERNAL);
    }

    private static JobFailure noMemory(Member me, OutOfMemoryError exhausted) {
        return JobFailure.of(me.failure(
                Failure.Cause.ENVIRONMENT,
                "has no memory left: " + exhausted.getMessage() + "; use more workers or a machine with more memory"));
    }

    /** All that the JVM says if the system cannot back a page of a mapped file. */
    private static boolean isOfMappedMemory(InternalError fault) {
        return String.valueOf(fault.getMessage()).startsWith("a fault occurred in");
    }

    private static JobFailure noBacking(Member me) {
        return JobFailure.of(me.failure(
                Failure.Cause.ENVIRONMENT,
                "lost memory that is mapped from a file, most likely as /dev/shm is full: enlarge or clear it"
                        + " (mount -o remount,size=… /dev/shm; --shm-size for a container)"));
    }

    private static JobFailure badInput(Member me, @Nullable String sentence) {
        return new JobFailure(me.failure(Failure.Cause.ERROR, String.valueOf(sentence)), ExitStatus.BAD_INPUT);
    }

    /** The failure with what this rank was doing when it learnt of it, where that helps. */
    static JobFailure witnessed(JobFailure first, Throwable thrown) {
        if (first.status() == ExitStatus.BAD_INPUT || !(thrown instanceof GroupFailureException seen)) {
            return first;
        }
        Failure failure = first.failure();
        String doing = String.valueOf(seen.getMessage()).replace(seen.failure().toString(), "");
        return new JobFailure(
                new Failure(failure.rank(), failure.host(), failure.pid(), failure.cause(), failure.detail() + doing),
                first.status());
    }
}
