package org.ringwood.attention.execution;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.AttentionKernels;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;

/** A device whose attentions a test replaces, and that remembers all it was asked to do. */
final class HookedDevice implements Device, AttentionKernels {
    private final Device device;
    private final Function<AttentionCall, Future<?>> attend;
    private final List<Future<?>> futures = new CopyOnWriteArrayList<>();

    HookedDevice(Device device, Function<AttentionCall, Future<?>> attend) {
        this.device = device;
        this.attend = attend;
    }

    /** Whether no kernel is queued or running. */
    boolean isIdle() {
        return futures.stream().allMatch(Future::isDone);
    }

    private Future<?> remember(Future<?> future) {
        futures.add(future);
        return future;
    }

    @Override
    public AttentionKernels kernels() {
        return this;
    }

    @Override
    public Devices.Kind kind() {
        return device.kind();
    }

    @Override
    public String description() {
        return "hooked " + device.description();
    }

    @Override
    public int threads() {
        return device.threads();
    }

    @Override
    public void close() {
        device.close();
    }

    @Override
    public Future<?> clear(SoftmaxState state) {
        return remember(device.kernels().clear(state));
    }

    @Override
    public Future<?> attend(AttentionCall call) {
        return remember(attend.apply(call));
    }

    @Override
    public Future<?> merge(SoftmaxState into, SoftmaxState from) {
        return remember(device.kernels().merge(into, from));
    }

    @Override
    public Future<?> sink(SoftmaxState into, float[] logits) {
        return remember(device.kernels().sink(into, logits));
    }

    @Override
    public Future<?> finish(SoftmaxState state, Tensor out, Tensor lse) {
        return remember(device.kernels().finish(state, out, lse));
    }

    @Override
    public Future<?> copy(Tensor from, Tensor to) {
        return remember(device.kernels().copy(from, to));
    }
}
