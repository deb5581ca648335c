package org.ringwood.attention.plan;

import org.ringwood.collectives.TrafficLedger.Traffic;

/**
 * What a plan costs one rank, exactly.
 *
 * @param traffic bytes within and across nodes, messages and hops, as the ledger will count them
 * @param flops {@code 2·area·heads·(dim + dimV)} of what it attends, {@link Long#MAX_VALUE} if more
 * @param peakTensorBytes queries, keys, values, state, output, lse and the plan's buffers
 */
public record Prediction(Traffic traffic, long flops, long peakTensorBytes) {}
