/** Tests of the package, and Ringwood's attention and gradients beside PyTorch's. */
@NullMarked
package org.ringwood.examples.trainer;

import org.jspecify.annotations.NullMarked;
