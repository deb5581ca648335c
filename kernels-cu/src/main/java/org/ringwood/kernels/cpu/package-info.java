/**
 * Attention on this machine's cores through the Vector API.
 *
 * <p>C2 makes registers of vectors only within what it compiles as one: a vector that is handed to a method that is not inlined
 * becomes an object, at a tenth of the speed, and whether a method is inlined depends on what ran before. So no method here takes or returns a
 * vector; they exchange arrays and memory.
 */
@NullMarked
package org.ringwood.kernels.cpu;

import org.jspecify.annotations.NullMarked;
