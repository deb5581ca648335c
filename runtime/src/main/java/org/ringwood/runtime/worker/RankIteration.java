package org.ringwood.runtime.worker;

import org.ringwood.runtime.report.RankReport;

/**
 * What one rank tells of one iteration.
 *
 * @param device what computed
 * @param threads compute threads
 * @param run figures
 * @param repeated whether the result has the bits of the first iteration
 */
public record RankIteration(String device, int threads, RankReport.Run run, boolean repeated) {}
