/** Names for the files of a process that must not outlive it, and the sweeping of those that did. */
@NullMarked
package org.ringwood.collectives.files;

import org.jspecify.annotations.NullMarked;
