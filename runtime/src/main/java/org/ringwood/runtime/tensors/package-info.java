/** Tensors on disk or made up: sources and sinks that read and write ranges of {@code [tokens, heads, dim]}. */
@NullMarked
package org.ringwood.runtime.tensors;

import org.jspecify.annotations.NullMarked;
