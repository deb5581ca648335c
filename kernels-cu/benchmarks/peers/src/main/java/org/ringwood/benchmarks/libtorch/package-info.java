/** PyTorch's flash attention for the CPU, called in libtorch without Python or JNI. */
@NullMarked
package org.ringwood.benchmarks.libtorch;

import org.jspecify.annotations.NullMarked;
