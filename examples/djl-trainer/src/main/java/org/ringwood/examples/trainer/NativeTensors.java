package org.ringwood.examples.trainer;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.lang.foreign.MemorySegment;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Tensor;

/** DJL's arrays as Ringwood's tensors. */
final class NativeTensors {
    private NativeTensors() {}

    /**
     * An array {@code [rows, heads, dim]}, read and written where PyTorch has it, for as long as it is open. DJL copies one whose elements do not follow
     * each other in this order, as after a transposition: of that, what is written here is lost.
     *
     * @throws IllegalArgumentException if it is not of f32 on the CPU
     */
    static Tensor tensor(NDArray array) {
        if (array.getDataType() != DataType.FLOAT32 || !array.getDevice().equals(Device.cpu())) {
            throw new IllegalArgumentException("an array of " + array.getDataType() + " on " + array.getDevice()
                    + " is to be attended; this trainer attends " + DataType.FLOAT32 + " on " + Device.cpu()
                    + ": convert it");
        }
        Shape shape = array.getShape();
        MemorySegment memory = MemorySegment.ofBuffer(array.toByteBuffer(true));
        return Tensor.dense(memory, DType.F32, shape.get(0), (int) shape.get(1), (int) shape.get(2));
    }
}
