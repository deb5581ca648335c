/** Attention on this machine's cores through the Vector API. */
@NullMarked
package org.ringwood.kernels.cpu;

import org.jspecify.annotations.NullMarked;
