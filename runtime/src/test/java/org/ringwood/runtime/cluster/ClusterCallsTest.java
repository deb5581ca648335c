package org.ringwood.runtime.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hazelcast.cluster.Address;
import com.hazelcast.cluster.impl.MemberImpl;
import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstanceNotActiveException;
import com.hazelcast.core.IndeterminateOperationStateException;
import com.hazelcast.core.MemberLeftException;
import com.hazelcast.core.OperationTimeoutException;
import com.hazelcast.spi.exception.TargetDisconnectedException;
import com.hazelcast.spi.exception.TargetNotMemberException;
import com.hazelcast.version.MemberVersion;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.GroupFailureException;
import org.ringwood.runtime.outcome.ExitStatus;
import org.ringwood.runtime.outcome.JobFailure;

class ClusterCallsTest {
    private static final Duration LONG = Duration.ofSeconds(100);
    private static final Member ME = new Member(1, "here", 11);
    private static final Member KEEPER = new Member(2, "there", 22);

    private final Health health = new Health(own -> own, _ -> {});
    private final CountDownLatch end = new CountDownLatch(1);

    @AfterEach
    void letCallsEnd() {
        end.countDown();
    }

    private ClusterCalls calls(Duration patience) {
        return new ClusterCalls(ME, health, _ -> Optional.of(KEEPER), patience);
    }

    @Test
    void whatIsAnsweredIsReturned() {
        assertThat(calls(LONG).toKeeper("key", "asking", () -> 7)).isEqualTo(7);
    }

    static Stream<Arguments> failures() {
        return Stream.of(
                Arguments.of(new OperationTimeoutException("PutOperation"), 2, "did not answer within 100 s"),
                Arguments.of(new HazelcastInstanceNotActiveException("State: SHUT_DOWN"), 1, "raise timeouts.peer"),
                Arguments.of(
                        new TargetNotMemberException("Not Member!"), 2, "cannot be reached any more (Not Member!)"),
                Arguments.of(new TargetDisconnectedException("closed"), 2, "cannot be reached any more (closed)"),
                Arguments.of(new IndeterminateOperationStateException("lost"), 2, "cannot be reached any more (lost)"),
                Arguments.of(new HazelcastException(new MemberLeftException(rankThree())), 3, "died"));
    }

    private static MemberImpl rankThree() {
        try {
            return new MemberImpl.Builder(new Address("127.0.0.1", 1))
                    .version(MemberVersion.UNKNOWN)
                    .uuid(new UUID(3, 3))
                    .attributes(Map.of(MemberConfig.RANK, "3", MemberConfig.HOST, "elsewhere", MemberConfig.PID, "33"))
                    .build();
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible);
        }
    }

    @ParameterizedTest
    @MethodSource("failures")
    void whatHazelcastThrowsNamesTheCulpritAndEndsAsALostPeer(RuntimeException thrown, int culprit, String sentence) {
        assertThatThrownBy(() -> calls(LONG).toKeeper("key", "asking", () -> {
                    throw thrown;
                }))
                .isInstanceOfSatisfying(GroupFailureException.class, failed -> {
                    assertThat(failed.failure().rank()).isEqualTo(culprit);
                    assertThat(JobFailure.of(failed.failure()).status()).isEqualTo(ExitStatus.PEER_LOST);
                })
                .hasMessageContaining(sentence)
                .hasMessageContaining("asking");
    }

    @Test
    void whatIsNotTheClustersFaultIsNotBlamedOnIt() {
        IllegalArgumentException fault = new IllegalArgumentException("no such thing");
        assertThatThrownBy(() -> calls(LONG).toAll("asking", () -> {
                    throw fault;
                }))
                .isInstanceOf(IllegalStateException.class)
                .hasCause(fault);
    }

    @Test
    void aCallThatIsNotAnsweredEnds() {
        assertThatThrownBy(() -> calls(Duration.ofMillis(10)).toKeeper("key", "asking", this::hang))
                .isInstanceOf(GroupFailureException.class)
                .hasMessageContaining("rank 2 (there, process 22) did not answer");
    }

    @Test
    void aFailureOfTheJobEndsEveryCall() {
        Failure first = KEEPER.failure(Failure.Cause.DIED, "died");
        Thread.ofVirtual().start(() -> health.report(first));
        assertThatThrownBy(() -> calls(LONG).toAll("asking", this::hang))
                .isInstanceOfSatisfying(
                        GroupFailureException.class,
                        failed -> assertThat(failed.failure()).isEqualTo(first));
    }

    private int hang() {
        try {
            end.await();
            return 0;
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }
}
