package org.ringwood.runtime.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.Timeouts;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.outcome.JobFailure;

class HazelcastCoordinationTest {
    private static final Duration LONG = Duration.ofSeconds(100);
    private static final Timeouts TIMEOUTS = new Timeouts(LONG, Duration.ofSeconds(30), LONG, Optional.empty());

    @TempDir
    Path directory;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<HazelcastCoordination> joined = new ArrayList<>();

    @AfterEach
    void leave() {
        joined.forEach(HazelcastCoordination::close);
        threads.shutdownNow();
    }

    @Test
    void ranksFindEachOtherAndWhatTheyPublish() {
        List<HazelcastCoordination> ranks = join(3);
        assertThat(ranks.get(1).members()).extracting(Member::rank).containsExactly(0, 1, 2);
        ranks.get(2).rendezvous().publish("endpoint/2", "here");
        for (HazelcastCoordination rank : ranks) {
            assertThat(rank.rendezvous().await("endpoint/2", LONG)).isEqualTo("here");
        }
        ranks.get(1).tell(new Progress("ring forward", 3, 7));
        awaitTrue(() -> ranks.get(0).progress().get(1).equals(new Progress("ring forward", 3, 7)));
    }

    @Test
    void whatIsPublishedTwiceMustNotChange() {
        HazelcastCoordination rank = join(1).getFirst();
        rank.rendezvous().publish("key", "one");
        rank.rendezvous().publish("key", "one");
        assertThatThrownBy(() -> rank.rendezvous().publish("key", "two"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("key");
    }

    @Test
    void theFirstFailureIsEveryonesFailure() {
        List<HazelcastCoordination> ranks = join(3);
        Failure first = ranks.get(1).me().failure(Failure.Cause.ERROR, "q.npy is no npy file");
        ranks.get(1).fail(new JobFailure(first, ExitStatus.BAD_INPUT));
        ranks.get(2).liveness().report(ranks.get(0).me().failure(Failure.Cause.DIED, "died"));
        for (HazelcastCoordination rank : ranks) {
            awaitTrue(() -> rank.failure() != null);
            assertThat(rank.failure()).isEqualTo(new JobFailure(first, ExitStatus.BAD_INPUT));
            assertThatThrownBy(() -> rank.rendezvous().await("never", LONG))
                    .isInstanceOf(GroupFailureException.class)
                    .hasMessageContaining("q.npy");
        }
    }

    @Test
    void whoLeavesBeforeTheEndIsNamed() {
        List<HazelcastCoordination> ranks = join(3);
        ranks.get(1).close();
        for (int rank : List.of(0, 2)) {
            HazelcastCoordination survivor = ranks.get(rank);
            awaitTrue(() -> survivor.failure() != null);
            assertThat(survivor.failure())
                    .extracting(
                            JobFailure::status,
                            known -> known.failure().rank(),
                            known -> known.failure().pid())
                    .containsExactly(
                            ExitStatus.PEER_LOST, 1, ProcessHandle.current().pid());
        }
    }

    @Test
    void leavingAfterTheEndIsNoFailure() throws Exception {
        List<HazelcastCoordination> ranks = join(3);
        concludeAndClose(ranks);
        assertThat(ranks).extracting(HazelcastCoordination::failure).containsOnlyNulls();
    }

    private void concludeAndClose(List<HazelcastCoordination> ranks) throws Exception {
        List<Future<Void>> ends = new ArrayList<>();
        for (HazelcastCoordination rank : ranks) {
            ends.add(threads.submit(() -> {
                rank.conclude();
                rank.close();
                return null;
            }));
        }
        for (Future<Void> end : ends) {
            end.get();
        }
    }

    @Test
    void aMissingRankIsNamed() {
        Timeouts hasty = new Timeouts(Duration.ofSeconds(1), LONG, LONG, Optional.empty());
        assertThatThrownBy(() -> join(settings(0, 2, 1, "token", hasty)))
                .isInstanceOf(GroupFailureException.class)
                .hasMessageContaining("rank 1")
                .hasMessageContaining("did not join within 1 s");
    }

    /** Where connecting takes more than a second, Hazelcast shuts the new member down. */
    @Test
    void whoDoesNotGetInAtFirstTriesAgain() throws Exception {
        List<Socket> callers = new ArrayList<>();
        try (ServerSocket deaf = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            fillUp(deaf, callers);
            meeting().announce("127.0.0.1:" + deaf.getLocalPort());
            CountDownLatch refused = new CountDownLatch(1);
            Entrance entrance =
                    new Entrance(settings(1, 2, 1, "token", TIMEOUTS), System.nanoTime() + LONG.toNanos(), config -> {
                        try {
                            return Hazelcast.newHazelcastInstance(config);
                        } catch (IllegalStateException shutDown) {
                            refused.countDown();
                            throw shutDown;
                        }
                    });
            Future<HazelcastInstance> one = threads.submit(entrance::enter);
            refused.await();
            Future<HazelcastCoordination> zero = threads.submit(() -> join(settings(0, 2, 0, "token", TIMEOUTS)));
            HazelcastInstance member = finished(one);
            assertThat(member.getCluster().getMembers()).hasSize(2);
            member.getLifecycleService().terminate();
            assertThatThrownBy(zero::get).hasMessageContaining("rank 1");
        } finally {
            for (Socket caller : callers) {
                caller.close();
            }
        }
    }

    /** From then on, whoever calls waits for an answer. */
    private static void fillUp(ServerSocket listener, List<Socket> callers) throws IOException {
        while (true) {
            Socket caller = new Socket();
            callers.add(caller);
            try {
                caller.connect(listener.getLocalSocketAddress(), 200);
            } catch (SocketTimeoutException full) {
                return;
            }
        }
    }

    @Test
    void whoIsAMemberButDoesNotCallYetIsNotThere() {
        Timeouts hasty = new Timeouts(Duration.ofSeconds(4), LONG, LONG, Optional.empty());
        Future<HazelcastCoordination> zero = threads.submit(() -> join(settings(0, 2, 0, "token", hasty)));
        ClusterSettings mute = settings(1, 2, 1, "token", TIMEOUTS);
        HazelcastInstance member = new Entrance(mute, System.nanoTime() + LONG.toNanos()).enter();
        try {
            assertThatThrownBy(zero::get)
                    .cause()
                    .isInstanceOf(GroupFailureException.class)
                    .hasMessageContaining("rank 1 did not join within 4 s");
        } finally {
            member.getLifecycleService().terminate();
        }
    }

    @Test
    void whoIsOutOfTheClusterSaysSo() {
        HazelcastCoordination rank = join(1).getFirst();
        rank.close();
        assertThatThrownBy(() -> rank.rendezvous().publish("key", "value"))
                .isInstanceOfSatisfying(
                        GroupFailureException.class,
                        out -> assertThat(JobFailure.of(out.failure()).status()).isEqualTo(ExitStatus.PEER_LOST))
                .hasMessageContaining("rank 0 (host0")
                .hasMessageContaining("no member of the job's cluster any more");
    }

    @Test
    void nobodyGetsInWithoutTheToken() {
        join(1);
        Timeouts hasty = new Timeouts(Duration.ofSeconds(2), LONG, LONG, Optional.empty());
        assertThatThrownBy(() -> join(settings(1, 2, 2, "guess", hasty)))
                .isInstanceOf(GroupFailureException.class)
                .hasMessageContaining("rank 0")
                .hasMessageContaining("cannot be reached")
                .hasMessageContaining("RINGWOOD_TOKEN");
        assertThat(joined.getFirst().failure()).isNull();
    }

    @Test
    void whoComesToATakenSeatLeavesAndDisturbsNobody() throws Exception {
        List<HazelcastCoordination> ranks = join(3);
        int pid = Math.toIntExact(ProcessHandle.current().pid());
        assertThatThrownBy(() -> join(settings(1, 3, 7, "token", TIMEOUTS)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("rank 1 of the job")
                .hasMessageContaining("process %d on host1 is that rank", pid)
                .hasMessageContaining("RINGWOOD_TOKEN");
        assertThatThrownBy(() -> join(settings(4, 8, 8, "token", TIMEOUTS)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("is one of 8 ranks, but this job has 3");
        concludeAndClose(ranks);
        assertThat(ranks).extracting(HazelcastCoordination::failure).containsOnlyNulls();
    }

    @Test
    void ofTwoWithOneRankTheFirstIsTaken() throws Exception {
        Future<HazelcastCoordination> zero = threads.submit(() -> join(settings(0, 3, 0, "token", TIMEOUTS)));
        List<Future<HazelcastCoordination>> both = new ArrayList<>();
        for (int number : List.of(1, 2)) {
            both.add(threads.submit(() -> join(settings(1, 3, number, "token", TIMEOUTS))));
        }
        awaitTrue(() -> both.stream().anyMatch(Future::isDone));
        assertThat(both)
                .filteredOn(Future::isDone)
                .singleElement()
                .satisfies(refused -> assertThatThrownBy(refused::get)
                        .cause()
                        .isInstanceOf(InputException.class)
                        .hasMessageContaining("is that rank"));
        joined.add(join(settings(2, 3, 3, "token", TIMEOUTS)));
        joined.add(zero.get());
        for (Future<HazelcastCoordination> one : both) {
            if (one.state() != Future.State.FAILED) {
                joined.add(one.get());
            }
        }
        assertThat(joined).extracting(rank -> rank.me().rank()).containsExactlyInAnyOrder(0, 1, 2);
        assertThat(joined).extracting(HazelcastCoordination::failure).containsOnlyNulls();
    }

    @Test
    void aPortInUseIsBadInput() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            ClusterSettings settings = new ClusterSettings(
                    new Member(0, "here", 1), 1, "127.0.0.1", taken.getLocalPort(), meeting(), "token", TIMEOUTS);
            assertThatThrownBy(() -> join(settings))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("127.0.0.1:" + taken.getLocalPort())
                    .hasMessageContaining("network.ports");
        }
    }

    private static HazelcastCoordination join(ClusterSettings settings) {
        return HazelcastCoordination.join(settings, _ -> {});
    }

    private List<HazelcastCoordination> join(int size) {
        List<Future<HazelcastCoordination>> joining = new ArrayList<>();
        for (int rank = 0; rank < size; rank++) {
            ClusterSettings settings = settings(rank, size, rank, "token", TIMEOUTS);
            joining.add(threads.submit(() -> join(settings)));
        }
        for (Future<HazelcastCoordination> one : joining) {
            joined.add(finished(one));
        }
        return List.copyOf(joined);
    }

    private ClusterSettings settings(int rank, int size, int number, String token, Timeouts timeouts) {
        Member me = new Member(rank, "host" + number, ProcessHandle.current().pid());
        return new ClusterSettings(me, size, "127.0.0.1", 0, meeting(), token, timeouts);
    }

    private MeetingPoint meeting() {
        return new MeetingPoint.InDirectory(directory);
    }

    private static <T> T finished(Future<T> future) {
        try {
            return future.get();
        } catch (InterruptedException | ExecutionException failed) {
            throw new AssertionError(failed);
        }
    }

    private static void awaitTrue(Callable<Boolean> condition) {
        try {
            while (!condition.call()) {
                Thread.sleep(10);
            }
        } catch (Exception failed) {
            throw new AssertionError(failed);
        }
    }
}
