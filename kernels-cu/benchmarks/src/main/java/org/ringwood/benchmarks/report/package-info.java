/** How it is told: a table in Markdown, and the machine that it was measured on. */
@NullMarked
package org.ringwood.benchmarks.report;

import org.jspecify.annotations.NullMarked;
