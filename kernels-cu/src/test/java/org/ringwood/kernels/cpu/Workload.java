package org.ringwood.kernels.cpu;

/**
 * Some calls of kernels, with what they are measured by.
 *
 * @param name what they are
 * @param units admitted pairs, or elements of kernels without pairs
 * @param mostBytes bytes of the heap that they may allocate a unit
 * @param bound what limits them on any processor
 * @param work floating-point operations if arithmetic bounds them, or bytes read and written if memory does
 * @param typical share of the ceiling that they reach
 * @param calls makes the calls and waits for them
 */
record Workload(String name, long units, double mostBytes, Bound bound, double work, double typical, Runnable calls) {
    /** What limits a kernel. */
    enum Bound {
        /** Floating-point operations. */
        ARITHMETIC,
        /** Memory. */
        MEMORY
    }
}
