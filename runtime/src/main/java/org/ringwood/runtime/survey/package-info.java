/** What the hosts of a cluster have, as ranks that meet there tell each other. */
@NullMarked
package org.ringwood.runtime.survey;

import org.jspecify.annotations.NullMarked;
