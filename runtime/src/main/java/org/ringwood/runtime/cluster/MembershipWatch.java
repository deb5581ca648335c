package org.ringwood.runtime.cluster;

import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.cluster.MembershipListener;
import java.time.Duration;
import java.util.function.Consumer;
import org.ringwood.collectives.Failure;

/** Turns the departure of a member of the job into a failure that names it, unless the job has ended already. */
final class MembershipWatch implements MembershipListener {
    private final Member me;
    private final Duration patience;
    private final Consumer<Failure> report;
    private final Runnable onJoin;

    MembershipWatch(Member me, Duration patience, Consumer<Failure> report, Runnable onJoin) {
        this.me = me;
        this.patience = patience;
        this.report = report;
        this.onJoin = onJoin;
    }

    @Override
    public void memberAdded(MembershipEvent event) {
        onJoin.run();
    }

    @Override
    public void memberRemoved(MembershipEvent event) {
        if (Attendance.strangeness(event.getMember(), event.getMembers()).isEmpty()) {
            report.accept(departure(of(event.getMember())));
        }
    }

    private Failure departure(Member lost) {
        boolean local = lost.host().equals(me.host());
        boolean alive = local
                && ProcessHandle.of(lost.pid()).map(ProcessHandle::isAlive).orElse(false);
        if (alive) {
            return lost.failure(
                    Failure.Cause.SILENT, "was silent for " + patience.toSeconds() + " s (is it stopped or starved?)");
        }
        return lost.failure(Failure.Cause.DIED, local ? "died" : "died or cannot be reached any more");
    }

    static Member of(com.hazelcast.cluster.Member member) {
        return new Member(
                Integer.parseInt(member.getAttribute(MemberConfig.RANK)),
                member.getAttribute(MemberConfig.HOST),
                Long.parseLong(member.getAttribute(MemberConfig.PID)));
    }
}
