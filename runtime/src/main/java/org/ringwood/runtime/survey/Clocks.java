package org.ringwood.runtime.survey;

import java.time.Duration;
import java.time.Instant;
import org.ringwood.collectives.Rendezvous;
import org.ringwood.runtime.report.JsonFormat;

/** How far clocks are apart: a rank asks rank 0 for its time, and takes it for the middle of asking and hearing. */
record Clocks(Rendezvous rendezvous, Duration patience) {
    /**
     * What a rank found.
     *
     * @param aheadMicros its clock minus rank 0's
     * @param roundTripMicros from asking to hearing, through the coordination: twice what the clocks' difference may be wrong by
     */
    record Reading(long aheadMicros, long roundTripMicros) {
        static final Reading NONE = new Reading(0, 0);
    }

    /** Rank 0's side, one rank at a time, so that none waits for another's answer. */
    Reading askedBy(int rank) {
        rendezvous.publish(Rendezvous.key("turn-" + rank, 0), "");
        await("question", rank);
        rendezvous.publish(Rendezvous.key("time-" + rank, 0), Long.toString(micros()));
        return JsonFormat.read(Reading.class, await("reading", rank));
    }

    /** The other side. */
    void compareWithRank0(int rank) {
        await("turn-" + rank, 0);
        long asked = micros();
        long began = System.nanoTime();
        rendezvous.publish(Rendezvous.key("question", rank), "");
        long time = Long.parseLong(await("time-" + rank, 0));
        long roundTrip = (System.nanoTime() - began) / 1000;
        Reading reading = new Reading(asked + roundTrip / 2 - time, roundTrip);
        rendezvous.publish(Rendezvous.key("reading", rank), JsonFormat.text(reading));
    }

    private String await(String name, int rank) {
        return rendezvous.await(Rendezvous.key(name, rank), patience);
    }

    private static long micros() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000 + now.getNano() / 1000;
    }
}
