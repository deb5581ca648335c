/** What an attention kernel must offer to be measured beside Ringwood's. */
@NullMarked
package org.ringwood.benchmarks.peer;

import org.jspecify.annotations.NullMarked;
