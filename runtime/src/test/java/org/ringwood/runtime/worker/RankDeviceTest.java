package org.ringwood.runtime.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ringwood.collectives.Topology;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.job.JobFile;

class RankDeviceTest {
    /** So that two GPUs of a node are both taken, whichever of its ranks may take one. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "auto | 0 0 1 1 2",
                "cuda | 0 0 1 1 2",
                "[cuda, cpu, cpu, cuda, cuda] | 0 0 1 0 1",
                "[cpu, scalar, auto, auto, cuda] | 0 0 0 0 1"
            })
    void gpusAreGivenToThoseThatMayTakeOne(String device, String places) {
        Job job = JobFile.parse(
                "device: " + device + "\ninput: {random: {tokens: 8, heads: 2, dim: 4}}\n",
                Path.of("/job.yaml"),
                List.of(),
                Map.of());
        Topology twoNodes = new Topology(List.of("a", "b", "a", "b", "a"));
        String taken = IntStream.range(0, 5)
                .mapToObj(rank -> Integer.toString(RankDevice.placeAmongGpus(job, twoNodes, rank)))
                .collect(Collectors.joining(" "));
        assertThat(taken).isEqualTo(places);
    }
}
