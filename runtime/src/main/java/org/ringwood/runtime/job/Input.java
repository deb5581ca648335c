package org.ringwood.runtime.job;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.ringwood.kernels.DType;
import org.ringwood.runtime.tensors.Layout;

/** Where queries, keys and values come from. */
public sealed interface Input {
    /** Files that are read; a job must not write over them. */
    List<Path> files();

    /**
     * Three {@code .npy} files.
     *
     * @param layout of arrays with four axes
     */
    record Npy(Path q, Path k, Path v, Optional<Layout> layout) implements Input {
        @Override
        public List<Path> files() {
            return List.of(q, k, v);
        }
    }

    /**
     * Three tensors of a safetensors file.
     *
     * @param q name of the queries in the file
     * @param k name of the keys
     * @param v name of the values
     * @param layout of tensors with four axes
     */
    record Safetensors(Path file, String q, String k, String v, Optional<Layout> layout) implements Input {
        @Override
        public List<Path> files() {
            return List.of(file);
        }
    }

    /**
     * Numbers made up, the same on every machine and for every number of workers.
     *
     * @param tokens keys of an item
     * @param queries queries of an item
     * @param batch items
     */
    record Random(
            long tokens, long queries, int heads, int kvHeads, int dim, int dimV, DType dtype, long seed, int batch)
            implements Input {
        @Override
        public List<Path> files() {
            return List.of();
        }
    }
}
