package org.ringwood.kernels.cpu;

import java.util.List;
import org.ringwood.kernels.Slice;

/**
 * The work of one task: queries, and what they admit of a run of keys.
 *
 * @param queries the queries: a group, or where its keys are split those from the first to the last that admit some of the run
 * @param slices what they admit, as (row, key row), sorted by first key
 * @param layout which layout suits it
 */
record Span(QueryGroup queries, List<Slice> slices, OperandLayout.Kind layout) {}
