package org.ringwood.attention.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.MaskRule;
import org.ringwood.attention.PartitionRule;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Devices;

/** Dropout by every schedule on emulated GPUs, forward and backward: the mask is that of the whole attention. */
class EmulatedDropoutTest {
    private static final long TOKENS = 45;
    private static final Path FOLDER = Path.of("..", "kernels-cu");

    /** Builds the emulation where it is not up to date, and makes it the driver of this JVM. */
    @BeforeAll
    @SuppressWarnings("restricted")
    static void load() throws IOException, InterruptedException {
        Path emulation = FOLDER.resolve("target/emulation").toAbsolutePath().normalize();
        int status = new ProcessBuilder(
                        FOLDER.resolve("src/test/cuda/emulation/build").toString(), emulation.toString())
                .inheritIO()
                .start()
                .waitFor();
        assumeFalse(status == 3, "the emulation of a GPU can't be built here: it needs g++ on x86-64");
        assertThat(status).isZero();
        System.load(emulation.resolve("libcuda.so.1").toString());
        System.setProperty("org.ringwood.kernels.cuda.images", emulation.toString());
    }

    static Stream<Schedule> schedules() {
        return Schedules.all().stream();
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void everyScheduleEqualsTheOracle(Schedule schedule) {
        List<Long> documents = List.of(0L, 12L, 45L);
        check(schedule, DType.F32, Mask.causal(TOKENS, TOKENS), PartitionRule.ZIGZAG);
        check(
                schedule,
                DType.F32,
                MaskRule.causal().inDocuments(documents).over(TOKENS, TOKENS),
                PartitionRule.BALANCED);
        check(schedule, DType.BF16, Mask.full(TOKENS, TOKENS), PartitionRule.STRIPED);
    }

    private static void check(Schedule schedule, DType dtype, Mask mask, PartitionRule partition) {
        AttentionShape shape = new AttentionShape(TOKENS, TOKENS, 5, 3, 8, 12, dtype);
        Plan plan = schedule.plan(schedule.problem(shape, mask, partition, Topology.singleNode(3)));
        DropoutTest.check(schedule, plan, Devices.Kind.CUDA, dtype + ", " + partition + " of " + mask);
    }
}
