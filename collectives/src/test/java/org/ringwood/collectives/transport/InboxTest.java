package org.ringwood.collectives.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.Failure;
import org.ringwood.collectives.Failure.Cause;
import org.ringwood.collectives.Liveness;

class InboxTest {
    private static final Envelope SENT = new Envelope(77, 0, 1, 3, 1, 7, 2, 5, 4096, 11);

    private final Reports reports = new Reports();
    private final Inbox<String, String> inbox = new Inbox<>(reports);

    @Test
    void pairsAReceiveWithALaterMessage() {
        assertThat(inbox.post(SENT, "receive")).isNull();
        assertThat(inbox.arrive(SENT, "message")).isEqualTo("receive");
        assertThat(inbox.arrive(SENT, "next")).isNull();
        assertThat(reports.failures).isEmpty();
    }

    @Test
    void pairsAMessageWithALaterReceive() {
        assertThat(inbox.arrive(SENT, "message")).isNull();
        assertThat(inbox.post(SENT, "receive")).isEqualTo("message");
        assertThat(inbox.post(SENT, "next")).isNull();
        assertThat(reports.failures).isEmpty();
    }

    @Test
    void keepsMessagesOfOtherKeysApart() {
        inbox.post(SENT, "receive");
        assertThat(inbox.arrive(new Envelope(77, 0, 1, 3, 1, 7, 2, 6, 4096, 11), "other tag"))
                .isNull();
        assertThat(inbox.arrive(new Envelope(77, 0, 1, 3, 1, 8, 2, 5, 4096, 11), "other operation"))
                .isNull();
        assertThat(inbox.arrive(new Envelope(77, 4, 1, 3, 1, 7, 2, 5, 4096, 11), "other group"))
                .isNull();
        assertThat(inbox.arrive(SENT, "message")).isEqualTo("receive");
    }

    @Test
    void namesBothRanksWhenSizesDiffer() {
        inbox.operationBegan(0, 7, "ring forward");
        inbox.post(new Envelope(77, 0, 1, 3, 1, 7, 2, 5, 2048, 11), "receive");
        assertThat(inbox.arrive(SENT, "message")).isNull();
        assertThat(reports.only().toString())
                .isEqualTo(
                        "rank 3 sent 4096 bytes for operation 7 'ring forward' of group 0 (hop 2, tag 5), rank 1 expected 2048; all ranks must call the same operations, with the same shapes, dtypes, masks and settings");
    }

    @Test
    void refusesAnotherDigestEpochAndJobAlsoWhenTheMessageCameFirst() {
        assertRefused(
                new Envelope(77, 0, 1, 3, 1, 7, 2, 5, 4096, 12), "means something else than rank 1", "operation 7");
        assertRefused(new Envelope(77, 0, 2, 3, 1, 7, 2, 5, 4096, 11), "epoch 1", "rank 1 is in epoch 2");
        assertRefused(new Envelope(78, 0, 1, 3, 1, 7, 2, 5, 4096, 11), "another job to rank 1");
    }

    private static void assertRefused(Envelope expected, String... inDetail) {
        Reports reports = new Reports();
        Inbox<String, String> inbox = new Inbox<>(reports);
        inbox.arrive(SENT, "message");
        assertThat(inbox.post(expected, "receive")).isNull();
        assertThat(reports.only().detail()).contains(inDetail);
    }

    @Test
    void reportsAMessageThatNobodyExpectedOnceItsOperationEnds() {
        inbox.operationBegan(0, 7, "barrier");
        inbox.arrive(SENT, "message");
        inbox.operationEnded(0, 7);
        assertThat(reports.only().toString()).contains("rank 3", "operation 7 'barrier'", "rank 1 did not expect");
    }

    @Test
    void reportsAMessageThatComesAfterItsOperationEnded() {
        inbox.operationEnded(0, 7);
        inbox.arrive(new Envelope(77, 0, 1, 3, 1, 6, 2, 5, 4096, 11), "still running");
        assertThat(reports.failures).isEmpty();
        inbox.arrive(SENT, "late");
        assertThat(reports.only().detail()).contains("operation 7", "rank 1 did not expect");
    }

    @Test
    void reportsAMessageThatIsSentTwice() {
        inbox.arrive(SENT, "message");
        inbox.arrive(SENT, "again");
        assertThat(reports.only().detail()).contains("twice to rank 1");
    }

    @Test
    void refusesTwoReceivesForOneMessage() {
        inbox.post(SENT, "receive");
        assertThatThrownBy(() -> inbox.post(SENT, "again")).isInstanceOf(IllegalStateException.class);
    }

    private static final class Reports implements Liveness {
        private final List<Failure> failures = new ArrayList<>();

        Failure only() {
            assertThat(failures).hasSize(1);
            assertThat(failures.getFirst().rank()).isEqualTo(3);
            assertThat(failures.getFirst().cause()).isEqualTo(Cause.DISAGREEMENT);
            return failures.getFirst();
        }

        @Override
        public Failure failure() {
            return failures.getFirst();
        }

        @Override
        public void report(Failure failure) {
            failures.add(failure);
        }

        @Override
        public void progressed() {}

        @Override
        public long lastProgressNanos() {
            return 0;
        }
    }
}
