/** What every file of a job has in common: how it is refused in one sentence, and how it appears whole or not at all. */
@NullMarked
package org.ringwood.runtime.files;

import org.jspecify.annotations.NullMarked;
