/**
 * Attention on this machine's cores through the Vector API.
 *
 * <p><b>Vectors stay within a method.</b> C2 makes registers of vectors only within what it compiles as one: a vector that is handed to a
 * method that is not inlined becomes an object, at a tenth of the speed, and whether a method is inlined depends on what ran before. So no
 * method here takes or returns a vector; they exchange arrays and memory.
 *
 * <p><b>The innermost loops are generated at build time</b>, by the programs in {@code src/main/generator}: {@link
 * org.ringwood.kernels.cpu.LaneTiles}, {@link org.ringwood.kernels.cpu.LaneWeights} and {@link org.ringwood.kernels.cpu.RowTiles}. C2 keeps a
 * vector in a register only as a local variable, so that a tile of m × n accumulators is a method of m · n variables, and there is one for
 * every shape; the generators have each loop once, and the shapes as constants. The species of vectors is not generated, but a constant that C2 folds ({@link
 * org.ringwood.kernels.cpu.Vectors}). Loops over arrays that advance by constants have their bounds checked once and not at every step; those
 * that matter are methods too large to be inlined, so that C2 compiles each on its own, the same way in every program.
 */
@NullMarked
package org.ringwood.kernels.cpu;

import org.jspecify.annotations.NullMarked;
