/** A sentence encoder over packed documents, spread over ranks; everything but attention is local to a rank. */
@NullMarked
package org.ringwood.examples.minilm;

import org.jspecify.annotations.NullMarked;
