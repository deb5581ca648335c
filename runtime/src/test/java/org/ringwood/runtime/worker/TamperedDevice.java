package org.ringwood.runtime.worker;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.AttentionKernels;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.SoftmaxState;
import org.ringwood.kernels.Tensor;

/**
 * A device on which something happens to every finished output.
 *
 * @param device that computes
 * @param fate what happens
 */
record TamperedDevice(Device device, Fate fate) implements Device, AttentionKernels {
    /** What happens to a finished output before anybody else sees it. */
    @FunctionalInterface
    interface Fate {
        void befall(Tensor out) throws Exception;
    }

    @Override
    public AttentionKernels kernels() {
        return this;
    }

    @Override
    public Future<?> sink(SoftmaxState into, float[] logits) {
        return device.kernels().sink(into, logits);
    }

    @Override
    public Future<?> finish(SoftmaxState state, Tensor out, Tensor lse) {
        try {
            device.kernels().finish(state, out, lse).get();
            fate.befall(out);
            return CompletableFuture.completedFuture(null);
        } catch (Exception | OutOfMemoryError failed) {
            return CompletableFuture.failedFuture(failed);
        }
    }

    @Override
    public Devices.Kind kind() {
        return device.kind();
    }

    @Override
    public String description() {
        return "tampered " + device.description();
    }

    @Override
    public int threads() {
        return device.threads();
    }

    @Override
    public Future<?> clear(SoftmaxState state) {
        return device.kernels().clear(state);
    }

    @Override
    public Future<?> attend(AttentionCall call) {
        return device.kernels().attend(call);
    }

    @Override
    public Future<?> merge(SoftmaxState into, SoftmaxState from) {
        return device.kernels().merge(into, from);
    }

    @Override
    public Future<?> copy(Tensor from, Tensor to) {
        return device.kernels().copy(from, to);
    }

    @Override
    public void close() {
        device.close();
    }
}
