package org.ringwood.benchmarks.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Set;
import org.ringwood.benchmarks.peer.Contender;
import org.ringwood.benchmarks.peer.Operands;
import org.ringwood.benchmarks.workload.Quantity;
import org.ringwood.benchmarks.workload.Workload;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Tensor;

/** A session over one workload, with inputs in the model's layout and an output that is allocated once. */
final class OnnxContender implements Contender {
    private static final long ALIGNMENT = 64;

    private final Arena arena = Arena.ofShared();
    private final OrtEnvironment environment;
    private final Workload workload;
    private final OrtSession session;
    private final Map<String, OnnxTensor> inputs;
    private final Map<String, OnnxTensor> outputs;
    private final Tensor out;

    OnnxContender(OrtEnvironment environment, Operands operands, int threads) throws OrtException {
        this.environment = environment;
        this.workload = operands.workload();
        AttentionModel model = new AttentionModel(workload);
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(threads);
            options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
            this.session = environment.createSession(model.toBytes(), options);
        }
        this.inputs = Map.of(
                AttentionModel.QUERIES, tensor(tokensFirst(operands.queries()), model.queryShape()),
                AttentionModel.KEYS, keys(operands.keys(), model),
                AttentionModel.VALUES, keys(operands.values(), model));
        this.out = allocate(workload.allRows(), workload.heads(), workload.dimV());
        this.outputs = Map.of(AttentionModel.OUTPUT, tensor(out.memory(), model.outputShape()));
    }

    private OnnxTensor keys(Tensor tensor, AttentionModel model) throws OrtException {
        boolean headsFirst = model.hasHeadsFirst();
        return tensor(headsFirst ? headsFirst(tensor) : tokensFirst(tensor), model.keyShape(tensor.dim()));
    }

    private MemorySegment headsFirst(Tensor tensor) {
        if (workload.items() == 1 && workload.layout() == Workload.Layout.HTD) {
            return tensor.memory();
        }
        long keys = workload.keys();
        Tensor copy = allocate(tensor.tokens() * tensor.heads(), 1, tensor.dim());
        float[] numbers = new float[tensor.dim()];
        for (long token = 0; token < tensor.tokens(); token++) {
            for (int head = 0; head < tensor.heads(); head++) {
                tensor.read(token, head, numbers, 0);
                copy.write((token / keys * tensor.heads() + head) * keys + token % keys, 0, numbers, 0);
            }
        }
        return copy.memory();
    }

    private MemorySegment tokensFirst(Tensor tensor) {
        if (tensor.isDense()) {
            return tensor.memory();
        }
        Tensor copy = allocate(tensor.tokens(), tensor.heads(), tensor.dim());
        for (long token = 0; token < tensor.tokens(); token++) {
            for (int head = 0; head < tensor.heads(); head++) {
                tensor.copyHead(token, head, copy);
            }
        }
        return copy.memory();
    }

    private Tensor allocate(long tokens, int heads, int dim) {
        MemorySegment memory = arena.allocate(Tensor.denseBytes(DType.F32, tokens, heads, dim), ALIGNMENT);
        return Tensor.dense(memory, DType.F32, tokens, heads, dim);
    }

    private OnnxTensor tensor(MemorySegment memory, long[] shape) throws OrtException {
        return OnnxTensor.createTensor(
                environment,
                memory.asByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer(),
                shape);
    }

    @Override
    public void attend() {
        try {
            session.run(inputs, Set.of(), outputs).close();
        } catch (OrtException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    @Override
    public void read(Quantity of, long row, int head, float[] into) {
        out.read(row, head, into, 0);
    }

    @Override
    public void close() {
        inputs.values().forEach(OnnxTensor::close);
        outputs.values().forEach(OnnxTensor::close);
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime's session could not be closed", e);
        }
        arena.close();
    }
}
