package org.ringwood.runtime.worker;

import org.ringwood.attention.execution.AttentionTensors;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;
import org.ringwood.runtime.planning.PlannedSchedule;

/**
 * The rows of the result that a rank answers for: its shard, or its share where every rank has all rows.
 *
 * @param positions global row of every row
 * @param out {@code [rows, heads, dimV]}
 * @param lse {@code [rows, heads, 1]}
 */
record OwnRows(Positions positions, Tensor out, Tensor lse) {
    static OwnRows of(PlannedSchedule planned, ProcessGroup group, AttentionTensors tensors) {
        Positions all = planned.plan().queryPositions(group.rank());
        if (!planned.schedule().replicatesQueries()) {
            return new OwnRows(all, tensors.out(), tensors.lse());
        }
        long from = Math.multiplyExact(all.rows(), group.rank()) / group.size();
        long to = Math.multiplyExact(all.rows(), group.rank() + 1) / group.size();
        return new OwnRows(
                all.slice(from, to), tensors.out().rows(from, to), tensors.lse().rows(from, to));
    }
}
