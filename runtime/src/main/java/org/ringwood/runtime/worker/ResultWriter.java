package org.ringwood.runtime.worker;

import org.ringwood.collectives.ProcessGroup;
import org.ringwood.runtime.tensors.Output;

/** Writes the one output file together with the other ranks: each its own rows, so that every row is written once. */
final class ResultWriter {
    private final Output output;
    private final ProcessGroup group;

    ResultWriter(Output output, ProcessGroup group) {
        this.output = output;
        this.group = group;
    }

    /** Rank 0 creates the file before any work begins, so that a full disk shows now and not after hours. */
    void create() {
        if (group.rank() == 0) {
            output.create();
        }
        group.barrier();
    }

    /** Writes this rank's rows. The file gets its name by {@link #commit}. */
    void write(OwnRows rows) {
        try (Output.Writer writer = output.open()) {
            writer.write(rows.positions(), 0, rows.out(), rows.lse());
        }
    }

    /** Once all ranks have written, rank 0 gives the file its name. */
    void commit() {
        group.barrier();
        if (group.rank() == 0) {
            output.commit();
        }
    }

    /** Removes what is not committed; any rank may, also all of them. */
    void discard() {
        output.discard();
    }
}
