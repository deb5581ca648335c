package org.ringwood.kernels.cpu;

import java.util.Arrays;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.SoftmaxState;

/** Softmax records of the queries of every task, where the keys of a group are split into several tasks. */
final class PartialStates {
    /** Records that one task merges, about. */
    private static final int RECORDS_PER_MERGE = 64;

    private static final int NONE = -1;

    private final SoftmaxState state;
    private final AttendPlan plan;
    private final int recordLength;
    private final int[] offsets;
    /** Number of merge tasks before each split group. */
    private final int[] mergesBefore;

    private final float[] records;

    PartialStates(AttentionCall call, AttendPlan plan) {
        this.state = call.state();
        this.plan = plan;
        this.recordLength = StateMerge.recordLength(call.values().dim());
        this.offsets = new int[plan.spans().size()];
        this.mergesBefore = new int[plan.splitGroups().size() + 1];
        Arrays.fill(offsets, NONE);
        int end = 0;
        for (int i = 0; i < plan.splitGroups().size(); i++) {
            AttendPlan.SplitGroup group = plan.splitGroups().get(i);
            mergesBefore[i + 1] = mergesBefore[i] + Math.ceilDiv(group.queries().size(), queriesPerMerge(group));
            for (int span = group.firstSpan(); span < group.endSpan(); span++) {
                offsets[span] = end;
                end = Math.addExact(end, plan.spans().get(span).queries().size() * recordLength);
            }
        }
        this.records = new float[end];
    }

    private static int queriesPerMerge(AttendPlan.SplitGroup group) {
        return Math.max(1, RECORDS_PER_MERGE / (group.endSpan() - group.firstSpan()));
    }

    float[] records() {
        return records;
    }

    /** Whether the queries of a task have records here: whether the task is a part of its group. */
    boolean holds(int task) {
        return offsets[task] != NONE;
    }

    /** Place of the record of a task's first query; the others follow. */
    int offset(int task) {
        return offsets[task];
    }

    /** Tasks that merge. */
    int merges() {
        return mergesBefore[mergesBefore.length - 1];
    }

    /** Merges the records of some queries into the state, in the order of their keys. */
    void merge(int task, float[] buffer) {
        int index = 0;
        while (mergesBefore[index + 1] <= task) {
            index++;
        }
        AttendPlan.SplitGroup group = plan.splitGroups().get(index);
        QueryGroup queries = group.queries();
        int from = (task - mergesBefore[index]) * queriesPerMerge(group);
        int to = Math.min(queries.size(), from + queriesPerMerge(group));
        for (int query = from; query < to; query++) {
            for (int span = group.firstSpan(); span < group.endSpan(); span++) {
                QueryGroup part = plan.spans().get(span).queries();
                long place = queries.first() + query - part.first();
                if (place >= 0 && place < part.size()) {
                    int at = offsets[span] + (int) place * recordLength;
                    StateMerge.merge(state, queries.row(query), queries.head(query), records, at, buffer);
                }
            }
        }
    }
}
