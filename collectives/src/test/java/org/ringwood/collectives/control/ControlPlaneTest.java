package org.ringwood.collectives.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.control.ControlPlane.Member;
import org.ringwood.collectives.control.Message.Failed;
import org.ringwood.collectives.control.Message.Heartbeat;
import org.ringwood.collectives.control.Message.Hello;
import org.ringwood.collectives.control.Message.Publish;
import org.ringwood.collectives.control.Message.Refused;
import org.ringwood.collectives.control.Message.Welcome;

class ControlPlaneTest {
    private static final String TOKEN = "the token of this test";
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final Timeouts PATIENT = new Timeouts(LONG, LONG, LONG, Optional.empty());

    /** Passes while a test waits for it, and yet long enough for a starved machine to do in it what must come before. */
    private static final Duration SHORT = Duration.ofMillis(2_500);

    private static final Timeouts SHORT_JOIN = new Timeouts(SHORT, LONG, LONG, Optional.empty());
    private static final Timeouts SHORT_PEER = new Timeouts(LONG, SHORT, LONG, Optional.empty());

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        List<Callable<Void>> closings = new ArrayList<>();
        for (AutoCloseable each : open) {
            closings.add(() -> {
                each.close();
                return null;
            });
        }
        for (Future<Void> closing : threads.invokeAll(closings)) {
            closing.get();
        }
        threads.shutdown();
    }

    private <C extends AutoCloseable> C closing(C closeable) {
        open.add(closeable);
        return closeable;
    }

    private Hub hub(int size, Timeouts timeouts) throws IOException {
        return closing(Hub.listen(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), size, new Token(TOKEN), timeouts));
    }

    private Future<ControlPlane> joining(Hub hub, int rank, int size, String token, Timeouts timeouts) {
        return threads.submit(
                () -> ControlPlane.joinHub(new Member(rank, size, "host" + rank, token), hub.address(), timeouts));
    }

    private List<ControlPlane> joined(Hub hub, int size, Timeouts timeouts) throws Exception {
        List<Future<ControlPlane>> joining = new ArrayList<>();
        for (int rank = 0; rank < size; rank++) {
            joining.add(joining(hub, rank, size, TOKEN, timeouts));
        }
        List<ControlPlane> planes = new ArrayList<>();
        for (Future<ControlPlane> each : joining) {
            planes.add(closing(each.get()));
        }
        return planes;
    }

    /** The failure of the group that a task failed by, at whichever depth of waiting for other tasks. */
    private static Failure innermostFailure(Future<?> future) throws InterruptedException {
        Throwable cause = null;
        try {
            future.get();
        } catch (ExecutionException e) {
            cause = e;
        }
        while (cause instanceof ExecutionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof GroupFailureException failed) {
            return failed.failure();
        }
        throw new AssertionError("did not fail by the group", cause);
    }

    private static Failure failureOf(Future<?> future) throws InterruptedException {
        try {
            future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GroupFailureException failed) {
                return failed.failure();
            }
            throw new AssertionError(e);
        }
        throw new AssertionError("did not fail");
    }

    /** The failure of a rank that waits for what never comes. */
    private Future<String> waiting(ControlPlane plane) {
        return threads.submit(() -> plane.await("never/0", LONG));
    }

    @Test
    void ranksMeetAndLeave() throws Exception {
        List<ControlPlane> planes = joined(hub(3, PATIENT), 3, PATIENT);
        Future<String> early = threads.submit(() -> planes.get(0).await("endpoint/2", LONG));
        planes.get(2).publish("endpoint/2", "über:4");
        assertThat(early.get()).isEqualTo("über:4");
        assertThat(planes.get(1).await("endpoint/2", LONG)).isEqualTo("über:4");
        assertThat(planes.get(1).await("endpoint/2", LONG)).isEqualTo("über:4");
        assertThat(planes)
                .extracting(ControlPlane::job)
                .containsOnly(planes.get(0).job());
        assertThat(planes).extracting(ControlPlane::failure).containsOnlyNulls();
    }

    @Test
    void whatAllPublishComesToAll() throws Exception {
        List<ControlPlane> planes = joined(hub(4, PATIENT), 4, PATIENT);
        String longest = "x".repeat(9_999);
        for (int rank = 0; rank < 4; rank++) {
            planes.get(rank).publish("value/" + rank, longest + rank);
        }
        for (ControlPlane plane : planes) {
            for (int rank = 0; rank < 4; rank++) {
                assertThat(plane.await("value/" + rank, LONG)).isEqualTo(longest + rank);
            }
        }
        assertThatThrownBy(() -> planes.get(0).publish("more/0", longest + "xx"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aKeyThatIsNotPublishedInTimeNamesItsOwner() throws Exception {
        List<ControlPlane> planes = joined(hub(2, PATIENT), 2, PATIENT);
        assertThatThrownBy(() -> planes.get(0).await("endpoint/1", Duration.ofMillis(50)))
                .isInstanceOf(GroupFailureException.class)
                .hasMessageContaining("rank 1 (host1")
                .hasMessageContaining("did not publish 'endpoint/1' within 50 ms");
        assertThat(failureOf(waiting(planes.get(1))).rank()).isEqualTo(1);
    }

    @Test
    void secondValueOfAKeyIsADisagreement() throws Exception {
        List<ControlPlane> planes = joined(hub(2, PATIENT), 2, PATIENT);
        planes.get(1).publish("endpoint/1", "a");
        planes.get(1).publish("endpoint/1", "a");
        assertThat(planes.get(0).await("endpoint/1", LONG)).isEqualTo("a");
        planes.get(1).publish("endpoint/1", "b");
        assertThat(failureOf(waiting(planes.get(0))).toString()).contains("rank 1", "'endpoint/1' a second time");
    }

    @Test
    void missingRanksAreNamed() throws Exception {
        Hub hub = hub(4, SHORT_JOIN);
        Future<ControlPlane> zero = joining(hub, 0, 4, TOKEN, SHORT_JOIN);
        Future<ControlPlane> two = joining(hub, 2, 4, TOKEN, SHORT_JOIN);
        for (Future<ControlPlane> present : List.of(zero, two)) {
            assertThat(failureOf(present).toString())
                    .contains("ranks 1, 3 of 4 did not join within 2500 ms", "timeouts.join");
        }
    }

    @Test
    void oneMissingRankIsTheCulprit() throws Exception {
        Hub hub = hub(2, SHORT_JOIN);
        Failure failure = failureOf(joining(hub, 0, 2, TOKEN, SHORT_JOIN));
        assertThat(failure.rank()).isEqualTo(1);
        assertThat(failure.toString()).startsWith("rank 1 did not join within 2500 ms");
    }

    @Test
    void unreachableRankZeroIsTheCulprit() throws Exception {
        InetSocketAddress nobody;
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobody = new InetSocketAddress(taken.getInetAddress(), taken.getLocalPort());
        }
        assertThatThrownBy(() -> ControlPlane.join(new Member(1, 2, "here", TOKEN), nobody, SHORT_JOIN))
                .isInstanceOf(GroupFailureException.class)
                .hasMessageContaining("rank 0 could not be reached at")
                .hasMessageContaining("refused");
    }

    @Test
    void portInUseIsAnErrorOfRankZero() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            InetSocketAddress address = new InetSocketAddress(taken.getInetAddress(), taken.getLocalPort());
            assertThatThrownBy(() -> ControlPlane.join(new Member(0, 2, "here", TOKEN), address, PATIENT))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(Integer.toString(taken.getLocalPort()));
        }
    }

    @Test
    void wrongTokenIsRefusedAndOthersAreUnharmed() throws Exception {
        Hub hub = hub(2, PATIENT);
        Future<ControlPlane> zero = joining(hub, 0, 2, TOKEN, PATIENT);
        assertThat(failureOf(joining(hub, 1, 2, "another token", PATIENT)).toString())
                .contains("rank 1", "was refused by rank 0", "its token is another one");
        closing(joining(hub, 1, 2, TOKEN, PATIENT).get());
        assertThat(closing(zero.get()).failure()).isNull();
    }

    @Test
    void garbageIsShownOutAndOthersAreUnharmed() throws Exception {
        Hub hub = hub(2, PATIENT);
        for (byte[] garbage : List.of(
                "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
                ByteBuffer.allocate(8).putInt(1025).array(),
                ByteBuffer.allocate(5).putInt(1).put((byte) 99).array(),
                ByteBuffer.allocate(6).putInt(2).put((byte) 6).array(),
                Wire.frame(new Heartbeat(1)).array(),
                Wire.frame(new Publish("endpoint/0", "mine")).array(),
                Wire.frame(new Hello(0, 2, "h", 1, "nonce", "no proof")).array())) {
            try (Puppet guest = new Puppet(hub.address())) {
                guest.sendRaw(garbage);
                guest.awaitEnd();
            }
        }
        for (ControlPlane plane : joined(hub, 2, PATIENT)) {
            assertThat(plane.failure()).isNull();
        }
    }

    @Test
    void guestThatSaysNothingIsShownOut() throws Exception {
        Hub hub = hub(2, SHORT_PEER);
        try (Puppet guest = new Puppet(hub.address())) {
            guest.awaitEnd();
        }
        assertThat(joined(hub, 2, SHORT_PEER)).extracting(ControlPlane::failure).containsOnlyNulls();
    }

    @Test
    void anotherWorldSizeIsADisagreement() throws Exception {
        Hub hub = hub(2, PATIENT);
        Future<ControlPlane> zero = joining(hub, 0, 2, TOKEN, PATIENT);
        assertThat(failureOf(joining(hub, 1, 3, TOKEN, PATIENT)).toString())
                .contains("it counts 3 ranks and rank 0 counts 2");
        assertThat(failureOf(zero).toString()).contains("rank 1 (host1", "counts 3 ranks and rank 0 counts 2");
    }

    @Test
    void twoOfOneRankAreADisagreement() throws Exception {
        Hub hub = hub(3, PATIENT);
        try (Puppet first = Puppet.joining(hub.address(), 1, 3, TOKEN)) {
            assertThat(failureOf(joining(hub, 1, 3, TOKEN, PATIENT)).toString())
                    .contains("there is another rank 1 of 3");
            assertThat(first.next(Failed.class).failure().cause()).isEqualTo(Cause.DISAGREEMENT);
        }
    }

    @Test
    void lateDuplicateDoesNotHarmARunningJob() throws Exception {
        Hub hub = hub(2, PATIENT);
        List<ControlPlane> planes = joined(hub, 2, PATIENT);
        assertThat(failureOf(joining(hub, 1, 2, TOKEN, PATIENT)).toString()).contains("there is another rank 1 of 2");
        planes.get(0).publish("alive/0", "yes");
        assertThat(planes.get(1).await("alive/0", LONG)).isEqualTo("yes");
    }

    @Test
    void endWithoutFarewellIsADeath() throws Exception {
        Hub hub = hub(3, PATIENT);
        Future<ControlPlane> zero = joining(hub, 0, 3, TOKEN, PATIENT);
        Future<ControlPlane> one = joining(hub, 1, 3, TOKEN, PATIENT);
        Puppet two = Puppet.joining(hub.address(), 2, 3, TOKEN);
        Future<String> waitsInZero = waiting(closing(zero.get()));
        Future<String> waitsInOne = waiting(closing(one.get()));
        two.close();
        for (Future<String> each : List.of(waitsInZero, waitsInOne)) {
            Failure failure = failureOf(each);
            assertThat(failure.cause()).isEqualTo(Cause.DIED);
            assertThat(failure.toString()).startsWith("rank 2 (puppet, process 4711) ended without leaving");
        }
    }

    @Test
    void silenceIsAFailureThatAlsoTheSilentLearns() throws Exception {
        Hub hub = hub(2, SHORT_PEER);
        Future<ControlPlane> zero = joining(hub, 0, 2, TOKEN, SHORT_PEER);
        try (Puppet one = Puppet.joining(hub.address(), 1, 2, TOKEN)) {
            one.next(Welcome.class);
            Failure failure = failureOf(waiting(closing(zero.get())));
            assertThat(failure.cause()).isEqualTo(Cause.SILENT);
            assertThat(failure.toString()).startsWith("rank 1 (puppet, process 4711) was silent for 2500 ms");
            assertThat(one.next(Failed.class).failure()).isEqualTo(failure);
        }
    }

    @Test
    void deathOfRankZeroIsKnownToAll() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 2, InetAddress.getLoopbackAddress())) {
            InetSocketAddress address = new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
            Future<ControlPlane> one =
                    threads.submit(() -> ControlPlane.join(new Member(1, 2, "here", TOKEN), address, PATIENT));
            server.accept().close();
            Failure failure = failureOf(one);
            assertThat(failure.rank()).isZero();
            assertThat(failure.cause()).isEqualTo(Cause.DIED);
        }
    }

    @Test
    void hubThatDoesNotKnowTheTokenIsNotTrusted() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 2, InetAddress.getLoopbackAddress())) {
            InetSocketAddress address = new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
            Future<ControlPlane> one =
                    threads.submit(() -> ControlPlane.join(new Member(1, 2, "here", TOKEN), address, PATIENT));
            try (var socket = server.accept()) {
                socket.getOutputStream().write(Wire.frame(Token.challenge()).array());
                socket.getOutputStream()
                        .write(Wire.frame(new Message.Accepted("no proof")).array());
                assertThat(failureOf(one).toString()).contains("rank 0", "a wrong proof that it knows the token");
            }
        }
    }

    @Test
    void aMemberSaysNothingBeforeItIsAsked() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 2, InetAddress.getLoopbackAddress())) {
            InetSocketAddress address = new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
            Future<ControlPlane> one =
                    threads.submit(() -> ControlPlane.join(new Member(1, 2, "here", TOKEN), address, SHORT_PEER));
            try (var socket = server.accept()) {
                socket.setSoTimeout(300);
                assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
            }
            assertThat(failureOf(one).rank()).isZero();
        }
    }

    @Test
    void firstReportedFailureIsEverybodys() throws Exception {
        List<ControlPlane> planes = joined(hub(3, PATIENT), 3, PATIENT);
        planes.get(1).report(new Failure(2, "?", 0, Cause.ERROR, "ran out of cheese"));
        planes.get(2).report(new Failure(0, "?", 0, Cause.ERROR, "came second"));
        for (ControlPlane plane : planes) {
            Failure failure = failureOf(waiting(plane));
            assertThat(failure.toString()).matches("rank 2 \\(host2, process \\d+\\) ran out of cheese");
        }
    }

    @Test
    void progressOfOneIsKnownToAll() throws Exception {
        List<ControlPlane> planes = joined(hub(2, PATIENT), 2, PATIENT);
        long before = System.nanoTime();
        planes.get(1).progressed();
        while (planes.get(0).lastProgressNanos() - before < 0) {
            assertThat(planes.get(0).failure()).isNull();
            Thread.onSpinWait();
        }
    }

    @Test
    void leavingInOrderIsNoFailure() throws Exception {
        Hub hub = hub(3, PATIENT);
        List<ControlPlane> planes = joined(hub, 3, PATIENT);
        planes.get(2).close();
        planes.get(0).publish("after/0", "all is well");
        assertThat(planes.get(1).await("after/0", LONG)).isEqualTo("all is well");
    }

    @Test
    void theHubStaysUntilTheLastHasLeft() throws Exception {
        Hub hub = hub(3, PATIENT);
        List<ControlPlane> planes = joined(hub, 3, PATIENT);
        planes.get(0).close();
        hub.retire();
        planes.get(1).publish("after/1", "still here");
        assertThat(planes.get(2).await("after/1", LONG)).isEqualTo("still here");
        planes.get(1).close();
        planes.get(2).close();
        hub.awaitEnd();
    }

    @Test
    void theHubDoesNotWaitForRanksThatNeverLeave() throws Exception {
        Timeouts shortStall = new Timeouts(LONG, LONG, Duration.ofMillis(300), Optional.empty());
        Hub hub = hub(2, shortStall);
        List<ControlPlane> planes = joined(hub, 2, shortStall);
        planes.get(0).close();
        hub.retire();
        assertThat(failureOf(waiting(planes.get(1))).toString()).contains("rank 1", "did not leave");
        hub.awaitEnd();
    }

    @Test
    void aHubThatTakesLeaveHasNotFailed() throws Exception {
        Hub hub = hub(2, PATIENT);
        List<ControlPlane> planes = joined(hub, 2, PATIENT);
        planes.get(0).close();
        hub.close();
        assertThat(planes.get(1).failure()).isNull();
    }

    @Test
    void memberThatSendsNonsenseIsNamed() throws Exception {
        Hub hub = hub(2, PATIENT);
        Future<ControlPlane> zero = joining(hub, 0, 2, TOKEN, PATIENT);
        try (Puppet one = Puppet.joining(hub.address(), 1, 2, TOKEN)) {
            one.sendRaw(ByteBuffer.allocate(5).putInt(1).put((byte) 99).array());
            // The nonsense may come before rank 0 has joined, or after.
            Future<String> either =
                    threads.submit(() -> waiting(closing(zero.get())).get());
            assertThat(innermostFailure(either).toString()).contains("rank 1 (puppet", "unknown kind 99");
        }
    }

    @Test
    void emptyTokenAndImpossibleRankAreRefused() {
        assertThatThrownBy(() -> new Token("")).hasMessageContaining("the token is empty");
        assertThatThrownBy(() -> new Member(2, 2, "here", TOKEN)).hasMessageContaining("no rank 2 of 2");
    }

    @Test
    void refusalReachesTheRefused() throws Exception {
        Hub hub = hub(2, PATIENT);
        try (Puppet guest = new Puppet(hub.address())) {
            guest.send(new Hello(0, 2, "h", 1, "nonce", "no proof"));
            assertThat(guest.next(Refused.class).reason()).contains("token");
            assertThatThrownBy(() -> guest.next(Welcome.class)).isInstanceOfAny(EOFException.class, IOException.class);
        }
    }
}
