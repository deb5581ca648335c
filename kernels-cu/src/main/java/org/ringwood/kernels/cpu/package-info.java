/**
 * Attention on this machine's cores through the Vector API.
 *
 * <p><b>Vectors stay within a method.</b> C2 makes registers of vectors only within what it compiles as one: a vector that is handed to a
 * method that is not inlined becomes an object, at a tenth of the speed, and whether a method is inlined depends on what ran before. So no
 * method here takes or returns a vector; they exchange arrays and memory.
 *
 * <p><b>A method has few operations on vectors</b>, as written in it and in what it calls: some forty. What C2 inlines is a few hundred nodes for
 * each, and beyond 18 000 nodes it puts the rest off until the types of vectors are known, in an order in which they sometimes are not. Then
 * operations stay calls: in one JVM of eight a kernel's vectors were objects, now and then all of them. {@code KernelGuardTest} reads the
 * compiler's log for operations that were put off. So the steps of a softmax are compiled one by one ({@link
 * org.ringwood.kernels.cpu.LaneStep}), products are added to what is there by others than those who compute them, and constants have names.
 *
 * <p><b>Operations are {@code lanewise} of vectors,</b> and what a loop carries is, within the loop, an argument of them and never the receiver,
 * as in {@code x.lanewise(ADD, sum)}. C2 learns the class of a vector from the profile of the call, and that of {@code add} and the like, which
 * call {@code lanewise} in turn, is shared by the vectors of all widths in a JVM. Where it does not know a receiver's class, and has deoptimized
 * too often on classes already, it inlines the operation only beside the call itself, whose result again is of an unknown class: in a loop each
 * waits for the other, and the vector is an object.
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
