/** Running plans: the executor of one rank, what it reports, and the façade for trainers. */
@NullMarked
package org.ringwood.attention.execution;

import org.jspecify.annotations.NullMarked;
