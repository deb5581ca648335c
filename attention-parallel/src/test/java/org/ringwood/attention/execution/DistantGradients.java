package org.ringwood.attention.execution;

import java.util.concurrent.Future;
import org.ringwood.kernels.GradientCall;
import org.ringwood.kernels.GradientKernels;
import org.ringwood.kernels.Tensor;

/** The kernels for gradients of a distant device. */
record DistantGradients(DistantDevice device, GradientKernels cpu) implements GradientKernels {
    @Override
    public Future<?> delta(Tensor out, Tensor outGradients, Tensor delta) {
        return device.remember(cpu.delta(device.real(out), device.real(outGradients), device.real(delta)));
    }

    @Override
    public Future<?> attend(GradientCall call) {
        return device.remember(cpu.attend(new GradientCall(
                device.real(call.queries()),
                device.real(call.keys()),
                device.real(call.values()),
                call.queryPositions(),
                call.keyPositions(),
                call.slices(),
                call.scale(),
                call.softcap(),
                call.dropout(),
                device.real(call.lse()),
                device.real(call.delta()),
                device.real(call.outGradients()),
                device.real(call.queryGradients()),
                device.real(call.keyGradients()),
                device.real(call.valueGradients()),
                call.cancellation())));
    }

    @Override
    public Future<?> clear(Tensor sums) {
        return device.remember(cpu.clear(device.real(sums)));
    }

    @Override
    public Future<?> add(Tensor from, Tensor into) {
        return device.remember(cpu.add(device.real(from), device.real(into)));
    }

    @Override
    public Future<?> round(Tensor from, Tensor to) {
        return device.remember(cpu.round(device.real(from), device.real(to)));
    }
}
