package org.ringwood.runtime.cluster;

import com.hazelcast.core.HazelcastInstanceNotActiveException;
import com.hazelcast.core.IndeterminateOperationStateException;
import com.hazelcast.core.MemberLeftException;
import com.hazelcast.core.OperationTimeoutException;
import com.hazelcast.partition.NoDataMemberInClusterException;
import com.hazelcast.spi.exception.RetryableException;
import com.hazelcast.spi.exception.TargetDisconnectedException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.Failure;

/** Says in one sentence what it means for the job that a call into its cluster failed. */
final class CallFailure {
    private CallFailure() {}

    /**
     * The failure; empty if the cluster is not to blame.
     *
     * @param me who called
     * @param asked whose answer it was to be, if it was one member's
     * @param patience how long it was waited for
     */
    static Optional<Failure> of(@Nullable Throwable thrown, Member me, Optional<Member> asked, Duration patience) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            Failure failure = meaning(cause, me, asked, patience);
            if (failure != null) {
                return Optional.of(failure);
            }
        }
        return Optional.empty();
    }

    private static @Nullable Failure meaning(Throwable thrown, Member me, Optional<Member> asked, Duration patience) {
        return switch (thrown) {
            case HazelcastInstanceNotActiveException _ ->
                me.failure(
                        Failure.Cause.SILENT,
                        "is no member of the job's cluster any more, most likely as it was stopped or starved so long that the"
                                + " others gave it up; give it cores of its own, or raise timeouts.peer");
            case MemberLeftException left
            when left.getMember() != null ->
                MembershipWatch.of(left.getMember()).failure(Failure.Cause.DIED, "died or cannot be reached any more");
            case OperationTimeoutException _, TimeoutException _ ->
                ofWhomever(
                        asked,
                        Failure.Cause.SILENT,
                        "did not answer within " + patience.toSeconds()
                                + " s (is it stopped or starved?); give it cores of its own");
            case TargetDisconnectedException _,
                    IndeterminateOperationStateException _,
                    NoDataMemberInClusterException _,
                    // Of these are all by which Hazelcast tells that whom it asked is not, or not yet, who can answer.
                    RetryableException _ ->
                ofWhomever(
                        asked, Failure.Cause.DIED, "died or cannot be reached any more (" + thrown.getMessage() + ")");
            default -> null;
        };
    }

    private static Failure ofWhomever(Optional<Member> asked, Failure.Cause cause, String detail) {
        return asked.map(member -> member.failure(cause, detail))
                .orElseGet(() -> new Failure(-1, "?", 0, cause, "a rank of the job " + detail));
    }
}
