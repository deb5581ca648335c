package org.ringwood.runtime.worker;

import org.ringwood.collectives.ProcessGroup;
import org.ringwood.kernels.Tensor;
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

    /**
     * Writes this rank's rows. The file gets its name by {@link #commit}.
     *
     * @param work on all of them
     */
    void write(OwnRows rows, RowWork work) {
        Tensor out = rows.out();
        long rowBytes = Tensor.denseBytes(out.dtype(), 1, out.heads(), out.dim());
        try (Output.Writer writer = output.open()) {
            work.inBlocks(rows.positions().rows(), rowBytes, (from, to) -> {
                writer.write(
                        rows.positions().slice(from, to),
                        0,
                        out.rows(from, to),
                        rows.lse().rows(from, to));
                // A flush of everything at the end could take longer than a rank may be without progress.
                writer.flush();
            });
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
