package org.ringwood.benchmarks.libtorch;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.ringwood.benchmarks.peer.Contender;
import org.ringwood.benchmarks.peer.Operands;
import org.ringwood.benchmarks.peer.Peer;
import org.ringwood.benchmarks.workload.Masking;
import org.ringwood.benchmarks.workload.Workload;
import org.ringwood.kernels.Tensor;

/**
 * libtorch's {@code _scaled_dot_product_flash_attention_for_cpu}, what {@code scaled_dot_product_attention} of PyTorch runs on a CPU, and its backward. The
 * property {@code ringwood.libtorch} names the folder of its libraries.
 */
public final class LibTorch implements Peer {
    private static final String LIBRARY = "libtorch_cpu.so";
    private static final String PROPERTIES = "pytorch.properties";
    private static final String NOT_HERE = "not there for this platform";

    private final Path folder = Path.of(System.getProperty("ringwood.libtorch", "."));
    private @Nullable TorchLibrary loaded;

    /** Made by the service loader. */
    public LibTorch() {}

    @Override
    public String name() {
        return "libtorch";
    }

    @Override
    public String version() {
        Path file = folder.resolve(PROPERTIES);
        if (!Files.exists(file)) {
            return NOT_HERE;
        }
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        } catch (IOException e) {
            throw new UncheckedIOException("the version of libtorch can't be read", e);
        }
        return properties.getProperty("version", "of unknown version");
    }

    @Override
    public Entry enter(Operands operands, int threads) {
        Optional<String> obstacle = obstacle(operands.workload());
        if (obstacle.isPresent()) {
            return new Entry.Absent(obstacle.get());
        }
        Path library = folder.resolve(LIBRARY);
        if (!Files.exists(library)) {
            return new Entry.Absent("it is " + NOT_HERE);
        }
        TorchLibrary torch;
        try {
            torch = load(library);
        } catch (IllegalArgumentException | NoSuchElementException e) {
            return new Entry.Absent("it can't be loaded: " + e.getMessage());
        }
        int used = torch.useThreads(threads);
        return used == threads
                ? new Entry.Ready(contender(new TorchOperands(torch, operands), operands.outGradients()))
                : new Entry.Absent("it insists on " + used + " threads instead of " + threads);
    }

    private static Contender contender(TorchOperands operands, Optional<Tensor> outGradients) {
        return outGradients
                .<Contender>map(gradients -> new TorchBackward(operands, gradients))
                .orElseGet(() -> new TorchContender(operands));
    }

    private TorchLibrary load(Path library) {
        TorchLibrary torch = loaded;
        if (torch == null) {
            torch = new TorchLibrary(library.toAbsolutePath());
            loaded = torch;
        }
        return torch;
    }

    private static Optional<String> obstacle(Workload workload) {
        Masking masking = workload.masking();
        if (!(masking instanceof Masking.Full || masking instanceof Masking.Causal)) {
            return Optional.of("the mask is neither full nor causal: its flash attention has no other that skips work");
        }
        if (masking instanceof Masking.Causal && workload.rows() != workload.keys()) {
            return Optional.of(
                    "a causal mask has other numbers of rows than keys: it aligns them at the start, not at the end");
        }
        if (workload.dim() != workload.dimV()) {
            return Optional.of("values have another dim than keys");
        }
        return HeadGroups.obstacle(workload);
    }
}
