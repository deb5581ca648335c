package org.ringwood.examples.trainer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Parameters, moments and number of steps as one {@code .npz} file, which NumPy reads, too. All ranks have the same, so nothing in it knows
 * how many there were.
 */
record Checkpoint(Parameters parameters, Adam adam) {
    private static final String STEPS = "steps";

    /** Writes a file that is there as a whole or not at all. */
    void write(Path file, long steps) throws IOException {
        Path whole = file.toAbsolutePath();
        Files.createDirectories(whole.getParent());
        Path part = whole.resolveSibling(whole.getFileName() + ".part");
        NDManager manager = parameters.arrays().getFirst().getManager().newSubManager();
        try (manager;
                OutputStream out = new BufferedOutputStream(Files.newOutputStream(part))) {
            NDList list = new NDList();
            named().forEach((name, array) -> {
                NDArray copy = array.stopGradient();
                copy.attach(manager);
                copy.setName(name);
                list.add(copy);
            });
            NDArray count = manager.create(new long[] {steps});
            count.setName(STEPS);
            list.add(count);
            list.encode(out, NDList.Encoding.NPZ);
        }
        Files.move(part, whole, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /**
     * Overwrites parameters and moments.
     *
     * @return the steps that were taken
     * @throws IllegalArgumentException if the file is of another model
     */
    long read(NDManager parent, Path file) throws IOException {
        try (NDManager manager = parent.newSubManager();
                InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            NDList list = NDList.decode(manager, in);
            for (Map.Entry<String, NDArray> entry : named().entrySet()) {
                NDArray from = list.get(entry.getKey());
                if (from == null || !from.getShape().equals(entry.getValue().getShape())) {
                    throw new IllegalArgumentException(file + " is of another model: " + entry.getKey() + " is "
                            + (from == null ? "missing" : "of shape " + from.getShape()) + ", not of shape "
                            + entry.getValue().getShape() + "; give the size it was trained with, or another file");
                }
                memory(entry.getValue()).copyFrom(memory(from));
            }
            return list.get(STEPS).getLong();
        }
    }

    private static MemorySegment memory(NDArray array) {
        return MemorySegment.ofBuffer(array.toByteBuffer(true));
    }

    private Map<String, NDArray> named() {
        List<NDArray> arrays = parameters.arrays();
        List<NDArray> moments = adam.moments();
        Map<String, NDArray> named = new LinkedHashMap<>();
        for (int i = 0; i < arrays.size(); i++) {
            String name = arrays.get(i).getName();
            named.put(name, arrays.get(i));
            named.put(name + ".mean", moments.get(i));
            named.put(name + ".square", moments.get(arrays.size() + i));
        }
        return named;
    }
}
