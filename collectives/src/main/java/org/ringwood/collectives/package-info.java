/** Moving memory between ranks: process groups, transports, topology and the traffic ledger. Knows nothing of attention. */
@NullMarked
package org.ringwood.collectives;

import org.jspecify.annotations.NullMarked;
