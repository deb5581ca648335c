/**
 * Pages and figures of what was measured. The figures are SVG of our own: chart libraries for the JVM draw with AWT and fixed colours,
 * while these follow the reader's light or dark page by style sheet, and stand alone as files for papers.
 */
@NullMarked
package org.ringwood.runtime.plot;

import org.jspecify.annotations.NullMarked;
