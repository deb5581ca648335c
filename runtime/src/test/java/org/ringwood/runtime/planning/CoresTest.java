package org.ringwood.runtime.planning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.pool.CpuList;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.job.JobFile;

class CoresTest {
    private static final Topology TWO_MACHINES = new Topology(List.of("a", "b", "a", "a", "b"));

    private static Job job(String settings) {
        return JobFile.parse(
                settings + "\ninput: {random: {tokens: 8, heads: 2, dim: 4}}\n",
                Path.of("/job.yaml"),
                List.of(),
                Map.of());
    }

    private static List<Cores> cores(String settings, String... allowed) {
        List<CpuList> cpus = allowed.length == 0
                ? Collections.nCopies(TWO_MACHINES.size(), CpuList.NONE)
                : Stream.of(allowed).map(CpuList::parse).toList();
        return IntStream.range(0, TWO_MACHINES.size())
                .mapToObj(rank -> Cores.of(job(settings), TWO_MACHINES, rank, cpus))
                .toList();
    }

    @Test
    void theRanksOfAMachineCutItsCpus() {
        assertThat(cores("cpus: 0-6"))
                .containsExactly(
                        new Cores(2, CpuList.parse("0-1")),
                        new Cores(3, CpuList.parse("0-2")),
                        new Cores(2, CpuList.parse("2-3")),
                        new Cores(3, CpuList.parse("4-6")),
                        new Cores(4, CpuList.parse("3-6")));
    }

    @Test
    void threadsMayBeMoreOrFewerThanCpus() {
        assertThat(cores("cpus: 0-6\nthreads: 3")).extracting(Cores::threads).containsOnly(3);
        assertThat(cores("threads: 3")).containsOnly(new Cores(3, CpuList.NONE));
    }

    @Test
    void coresAreSharedWhereNoCpusAreNamed() {
        int all = Runtime.getRuntime().availableProcessors();
        assertThat(cores(""))
                .extracting(Cores::threads)
                .containsExactly(
                        Math.max(1, all / 3),
                        Math.max(1, all / 2),
                        Math.max(1, all / 3),
                        Math.max(1, all / 3),
                        Math.max(1, all / 2));
    }

    @Test
    void coresThatALauncherGaveToOneRankAreNotShared() {
        int all = Runtime.getRuntime().availableProcessors();
        assertThat(cores("", "0-1", "0-1", "4-5", "2,5", "2-3"))
                .extracting(Cores::threads)
                .containsExactly(all, all, Math.max(1, all / 2), Math.max(1, all / 2), all);
    }

    @Test
    void aRankOnAGpuLeavesTheOthersAllCoresButOne() {
        int all = Runtime.getRuntime().availableProcessors();
        assertThat(cores("device: [cuda, cpu, cpu, cpu, cuda]"))
                .extracting(Cores::threads)
                .containsExactly(
                        Math.max(1, all / 3),
                        Math.max(1, all - 1),
                        Math.max(1, (all - 1) / 2),
                        Math.max(1, (all - 1) / 2),
                        Math.max(1, all / 2));
        assertThat(cores("device: [cuda, cpu, cpu, cpu, cuda]\nthreads: 3"))
                .extracting(Cores::threads)
                .containsOnly(3);
    }

    @Test
    void everyRankNeedsACpu() {
        assertThatThrownBy(() -> cores("cpus: 5,7"))
                .isInstanceOf(InputException.class)
                .hasMessage(
                        "cpus: 5,7 are fewer than the 3 workers of a machine: name one at least for each, or leave it auto");
    }
}
