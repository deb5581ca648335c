/** The links themselves: how long messages and collectives take that carry nothing but bytes, and whether all arrive. */
@NullMarked
package org.ringwood.runtime.net;

import org.jspecify.annotations.NullMarked;
