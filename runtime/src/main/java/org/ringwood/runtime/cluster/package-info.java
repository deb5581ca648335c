/** Who takes part in a job, how they find each other and how they learn of each other's end, by Hazelcast or within one process. */
@NullMarked
package org.ringwood.runtime.cluster;

import org.jspecify.annotations.NullMarked;
