package org.ringwood.attention.schedule;

import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;

/** A way of computing attention together: who holds what, what moves, and in which order things are attended and merged. */
public interface Schedule {
    /** What users call it: {@code ring}, {@code tree}, …. */
    String name();

    /** The plan for a problem; every problem has one. Equal problems give equal plans. */
    Plan plan(Problem problem);
}
