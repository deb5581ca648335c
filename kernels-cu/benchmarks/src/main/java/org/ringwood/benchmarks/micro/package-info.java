/** JMH benchmarks of single kernel calls; {@code ringwood bench micro} runs them. */
@NullMarked
package org.ringwood.benchmarks.micro;

import org.jspecify.annotations.NullMarked;
