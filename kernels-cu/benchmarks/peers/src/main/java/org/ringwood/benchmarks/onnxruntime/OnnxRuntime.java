package org.ringwood.benchmarks.onnxruntime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.util.Optional;
import org.ringwood.benchmarks.peer.Operands;
import org.ringwood.benchmarks.peer.Peer;
import org.ringwood.benchmarks.workload.Masking;
import org.ringwood.benchmarks.workload.Pass;
import org.ringwood.benchmarks.workload.Workload;
import org.ringwood.kernels.DType;

/** ONNX Runtime's MultiHeadAttention on the CPU, with its default settings but for the number of threads. */
public final class OnnxRuntime implements Peer {
    /** Made by the service loader. */
    public OnnxRuntime() {}

    @Override
    public String name() {
        return "ONNX Runtime";
    }

    @Override
    public String version() {
        return OrtEnvironment.getEnvironment().getVersion();
    }

    @Override
    public Entry enter(Operands operands, int threads) {
        Optional<String> obstacle = obstacle(operands);
        if (obstacle.isPresent()) {
            return new Entry.Absent(obstacle.get());
        }
        try {
            return new Entry.Ready(new OnnxContender(OrtEnvironment.getEnvironment(), operands, threads));
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime refused the model of " + operands.workload(), e);
        }
    }

    private static Optional<String> obstacle(Operands operands) {
        Workload workload = operands.workload();
        Masking masking = workload.masking();
        if (workload.pass() == Pass.BACKWARD) {
            return Optional.of("gradients are computed: it has operators for the forward pass only");
        }
        if (workload.dtype() != DType.F32) {
            return Optional.of("elements have 16 bits: its CPU operator has f32 only");
        }
        if (workload.heads() != workload.keyHeads()) {
            return Optional.of("heads are grouped: this operator has as many heads of keys as of queries");
        }
        if (!(masking instanceof Masking.Full || masking instanceof Masking.Causal)) {
            return Optional.of("the mask is neither full nor causal: it has no other that skips work");
        }
        if (masking instanceof Masking.Causal && workload.rows() != workload.keys()) {
            return Optional.of("a causal mask has other numbers of rows than keys");
        }
        long largest = Math.max(operands.queries().denseBytes(), operands.keys().denseBytes());
        if (Math.max(largest, operands.values().denseBytes()) > Integer.MAX_VALUE) {
            return Optional.of("a tensor has 2 GiB or more: Java's buffers end there");
        }
        return Optional.empty();
    }
}
