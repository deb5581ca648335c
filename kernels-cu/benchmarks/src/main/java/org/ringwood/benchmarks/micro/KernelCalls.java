package org.ringwood.benchmarks.micro;

import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.ringwood.kernels.DType;

/** Every kernel call on one block of one thread: what a hop of a ring costs beside its transfer. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class KernelCalls {
    /** Elements of a head. */
    @Param({"64", "128"})
    public int dim;

    /** Element type of the tensors. */
    @Param({"F32", "BF16"})
    public DType dtype = DType.F32;

    /** Query rows; 1 is a decode. */
    @Param({"1", "256"})
    public int rows;

    private @Nullable Block block;

    /** Allocates the block and attends it once, so that states hold numbers. */
    @Setup
    public void prepare() throws ExecutionException, InterruptedException {
        block = new Block(rows, dim, dtype);
        attend();
        block().kernels().copy(block().queries(), block().strided()).get();
        block().kernels().attend(block().callInto(block().other())).get();
    }

    /** Ends the thread. */
    @TearDown
    public void end() {
        block().close();
    }

    /** Attends all rows to all keys, accumulating. */
    @Benchmark
    public void attend() throws ExecutionException, InterruptedException {
        block().kernels().attend(block().callInto(block().state())).get();
    }

    /** Merges a state into another. */
    @Benchmark
    public void merge() throws ExecutionException, InterruptedException {
        block().kernels().merge(block().state(), block().other()).get();
    }

    /** Rounds a state to an output. */
    @Benchmark
    public void finish() throws ExecutionException, InterruptedException {
        block().kernels().finish(block().state(), block().out(), block().lse()).get();
    }

    /** Copies heads out of a tensor with gaps. */
    @Benchmark
    public void copy() throws ExecutionException, InterruptedException {
        block().kernels().copy(block().strided(), block().queries()).get();
    }

    private Block block() {
        return Objects.requireNonNull(block);
    }
}
