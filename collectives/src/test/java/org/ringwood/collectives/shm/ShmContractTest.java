package org.ringwood.collectives.shm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.ringwood.collectives.CollectivesContract;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.Topology;
import org.ringwood.collectives.TransportContract;
import org.ringwood.collectives.files.StaleFiles;

class ShmContractTest implements TransportContract, CollectivesContract {
    @Override
    public List<ProcessGroup> connect(Topology topology, Timeouts timeouts) throws Exception {
        return ShmThreads.connect(topology, timeouts);
    }

    @AfterEach
    void leavesNoFiles() throws IOException {
        String prefix = StaleFiles.nameOfOwn("shm", "x").replaceFirst("x$", "");
        try (Stream<Path> files = Files.list(Path.of("/dev/shm"))) {
            assertThat(files.filter(file -> file.getFileName().toString().startsWith(prefix)))
                    .isEmpty();
        }
    }
}
