/** How ranks that can talk through a rendezvous become a group: who shares a node with whom, and which transports carry what. */
@NullMarked
package org.ringwood.collectives.connect;

import org.jspecify.annotations.NullMarked;
