/** ONNX Runtime's multi-head attention for the CPU, as a model of one node. */
@NullMarked
package org.ringwood.benchmarks.onnxruntime;

import org.jspecify.annotations.NullMarked;
