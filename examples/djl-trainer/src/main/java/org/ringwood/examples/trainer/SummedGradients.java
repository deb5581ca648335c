package org.ringwood.examples.trainer;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.ringwood.collectives.GroupMemory;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.Reducer;

/**
 * The gradients of all parameters, summed over ranks in one all-reduce. Every rank has the same parameters and its own rows, so the gradient of the
 * whole sequence's loss is the sum; all ranks get the same bits, and their parameters stay the same.
 */
final class SummedGradients implements AutoCloseable {
    private final ProcessGroup group;
    private final List<NDArray> parameters;
    private final GroupMemory memory;
    private final List<NDArray> sums = new ArrayList<>();
    private final long lossOffset;

    SummedGradients(ProcessGroup group, NDManager manager, Parameters parameters) {
        this.group = group;
        this.parameters = parameters.arrays();
        this.lossOffset = parameters.elements() * Float.BYTES;
        this.memory = group.allocate(lossOffset + Float.BYTES);
        long offset = 0;
        for (NDArray parameter : this.parameters) {
            long bytes = parameter.size() * Float.BYTES;
            // An array over the memory itself.
            sums.add(manager.create(
                    memory.segment().asSlice(offset, bytes).asByteBuffer().order(ByteOrder.nativeOrder()),
                    parameter.getShape(),
                    DataType.FLOAT32));
            offset += bytes;
        }
    }

    /**
     * Sums the parameters' gradients, of which {@link #sums} then has the result, and clears them for the next step.
     *
     * @param loss of this rank's rows
     * @return the loss of all rows
     */
    float sum(float loss) {
        for (int i = 0; i < parameters.size(); i++) {
            MemorySegment gradient =
                    MemorySegment.ofBuffer(parameters.get(i).getGradient().toByteBuffer(true));
            MemorySegment.ofBuffer(sums.get(i).toByteBuffer(true)).copyFrom(gradient);
            // PyTorch adds the next step's to it.
            gradient.fill((byte) 0);
        }
        memory.segment().set(JAVA_FLOAT, lossOffset, loss);
        group.allReduce(memory.segment(), Float.BYTES, Reducer.sumOfFloats());
        return memory.segment().get(JAVA_FLOAT, lossOffset);
    }

    /** One for each parameter, in their order. */
    List<NDArray> sums() {
        return sums;
    }

    @Override
    public void close() {
        sums.forEach(NDArray::close);
        memory.close();
    }
}
