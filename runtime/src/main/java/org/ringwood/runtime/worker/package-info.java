/** What one rank of a job does, from joining its peers to leaving them. */
@NullMarked
package org.ringwood.runtime.worker;

import org.jspecify.annotations.NullMarked;
