/** A byte-level language model of DJL and PyTorch, trained by several processes that share each sequence through Ringwood's attention. */
@NullMarked
package org.ringwood.examples.trainer;

import org.jspecify.annotations.NullMarked;
