package org.ringwood.examples.trainer;

import ai.djl.engine.Engine;
import java.nio.file.Path;

/** DJL's PyTorch engine, from the libraries on the class path alone: nothing is downloaded, and nobody is told of it. */
final class PyTorch {
    private PyTorch() {}

    /** The engine, loaded if it is not. Its libraries are unpacked once, into {@code ENGINE_CACHE_DIR}, else the folder of temporary files. */
    static Engine engine(int threads) {
        Path unpacked = Path.of(System.getProperty("java.io.tmpdir"), "djl-" + System.getProperty("user.name"));
        setDefault("ENGINE_CACHE_DIR", unpacked.toString());
        setDefault("DJL_CACHE_DIR", unpacked.toString());
        setDefault("ai.djl.offline", "true");
        setDefault("OPT_OUT_TRACKING", "true");
        setDefault("ai.djl.pytorch.num_threads", Integer.toString(threads));
        setDefault("ai.djl.pytorch.num_interop_threads", "1");
        return Engine.getEngine("PyTorch");
    }

    private static void setDefault(String name, String value) {
        if (System.getenv(name) == null && System.getProperty(name) == null) {
            System.setProperty(name, value);
        }
    }
}
