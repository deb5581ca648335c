/** The transport between ranks that are threads of one JVM: messages are handed over as references and read in place. */
@NullMarked
package org.ringwood.collectives.inprocess;

import org.jspecify.annotations.NullMarked;
