package org.ringwood.kernels.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The compiled kernels: of each module a cubin for some architectures, and PTX for those to come. They are resources of this package, or
 * files of the folder that the system property {@code org.ringwood.kernels.cuda.images} names, as {@code kernels-cu/build-kernels} writes them.
 */
final class KernelImages {
    private static final String FOLDER = "org.ringwood.kernels.cuda.images";
    private static final String RESOURCES = "images/";

    private KernelImages() {}

    /**
     * The image of a module for a compute capability: code for it, or for an earlier one with the same first number, which runs on it, or PTX.
     *
     * @throws UnsupportedOperationException if there is none
     */
    static byte[] find(String module, int major, int minor) {
        for (int m = minor; m >= 0; m--) {
            byte[] cubin = read(module + ".sm_" + major + m + ".cubin");
            if (cubin != null) {
                return cubin;
            }
        }
        byte[] ptx = read(module + ".ptx");
        if (ptx != null) {
            return ptx;
        }
        throw new UnsupportedOperationException("this build has no CUDA kernels for compute capability " + major + "."
                + minor + ": build Ringwood where nvcc is, or give a folder that kernels-cu/build-kernels wrote with -D"
                + FOLDER);
    }

    private static byte @Nullable [] read(String name) {
        String folder = System.getProperty(FOLDER);
        try {
            if (folder != null) {
                Path file = Path.of(folder, name);
                return Files.exists(file) ? Files.readAllBytes(file) : null;
            }
            try (InputStream resource = KernelImages.class.getResourceAsStream(RESOURCES + name)) {
                return resource == null ? null : resource.readAllBytes();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("CUDA kernels " + name + " can't be read", e);
        }
    }
}
