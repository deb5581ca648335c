/** The command line: what users type, and what they are told. */
@NullMarked
package org.ringwood.runtime.cli;

import org.jspecify.annotations.NullMarked;
