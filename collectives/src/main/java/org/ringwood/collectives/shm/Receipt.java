package org.ringwood.collectives.shm;

import java.lang.foreign.MemorySegment;
import org.ringwood.collectives.Operation.Transfer;

/** A posted receive. */
interface Receipt extends Transfer {
    /** Its message has come. */
    void accept(Arrival arrival);

    /** A receive into memory of this rank. */
    final class Copy implements Receipt {
        private final MemorySegment into;
        private final Intake intake;
        private boolean done;

        Copy(MemorySegment into, Intake intake) {
            this.into = into;
            this.intake = intake;
        }

        @Override
        public void accept(Arrival arrival) {
            switch (arrival) {
                case Arrival.Whole whole -> copy(whole.payload());
                case Arrival.Located located -> {
                    copy(located.payload());
                    intake.release(located);
                }
                case Arrival.Offered offered -> intake.want(offered, into, () -> done = true);
            }
        }

        private void copy(MemorySegment payload) {
            into.copyFrom(payload);
            done = true;
        }

        @Override
        public boolean isDone() {
            return done;
        }
    }
}
