package org.ringwood.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.GradientPlacement;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.plan.Step;
import org.ringwood.attention.schedule.RingAttention;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Space;

/** Backward plans placed on devices with memory of their own, run without numbers beside ranks that have none. */
class GradientPlacementTest {
    private static final int CASES = 5;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 7})
    void placedPlansSumUpWhatTheMaskAdmits(int ranks) {
        PlanModelTest.forEachPlan(CASES, ranks, GradientPlacementTest::check);
    }

    private static void check(Schedule schedule, Problem problem, RandomGenerator random, String what) {
        Plan plan = schedule.backward(problem, random.nextBoolean() ? DType.F32 : DType.F16);
        List<Set<Operand>> strided = new ArrayList<>();
        List<RankPlan> ranks = new ArrayList<>();
        for (int rank = 0; rank < plan.ranks(); rank++) {
            strided.add(PlanModelTest.anyOperands(random));
            RankPlan host = plan.rank(rank, strided.getLast());
            // Some ranks compute on the host.
            boolean stays = random.nextInt(4) == 0;
            ranks.add(stays ? host : placed(host, PlanModelTest.anyOperands(random)));
        }
        try {
            new PlanModel(plan, strided, ranks).check(PlanModelTest.firstBlockHop(schedule, problem));
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    plan + ", " + what + ", nodes " + problem.topology().nodes() + ", strided " + strided, e);
        }
    }

    private static RankPlan placed(RankPlan host, Set<Operand> onDevice) {
        RankPlan placed = GradientPlacement.of(host, onDevice);
        assertThat(named(placed, Step.Message.class)).isEqualTo(named(host, Step.Message.class));
        assertThat(named(placed, Step.Differentiate.class)).isEqualTo(named(host, Step.Differentiate.class));
        assertThat(placed.steps())
                .filteredOn(Step.Differentiate.class::isInstance)
                .flatMap(step -> parts((Step.Differentiate) step).toList())
                .allMatch(part -> part.buffer().space() == Space.DEVICE);
        return placed;
    }

    private static List<String> named(RankPlan plan, Class<? extends Step> kind) {
        return plan.steps().stream()
                .filter(kind::isInstance)
                .map(Step::toString)
                .toList();
    }

    private static Stream<Part> parts(Step.Differentiate of) {
        return Stream.of(
                of.queries(),
                of.keys(),
                of.values(),
                of.lse(),
                of.delta(),
                of.outGradients(),
                of.queryGradients(),
                of.keyGradients(),
                of.valueGradients());
    }

    private static RankPlan ring(DType gradients) {
        AttentionShape shape = new AttentionShape(60, 60, 2, 1, 4, 4, DType.F16);
        Schedule ring = new RingAttention();
        Problem problem = ring.problem(shape, Mask.full(60, 60), PartitionRule.CONTIGUOUS, Topology.singleNode(5));
        return ring.backward(problem, gradients).rank(0);
    }

    /** What a rank of a ring copies: its operands and each block in, each block's sums out and in, its gradients out. */
    @Test
    void nothingIsCopiedTwice() {
        RankPlan placed = GradientPlacement.of(ring(DType.F16), EnumSet.noneOf(Operand.class));
        List<Part> uploads = new ArrayList<>();
        List<Part> downloads = new ArrayList<>();
        for (Step step : placed.steps()) {
            switch (step) {
                case Step.Upload upload -> uploads.add(upload.from());
                case Step.Download download -> downloads.add(download.to());
                default -> {}
            }
        }
        assertThat(count(uploads, Operand.QUERIES, Operand.OUT, Operand.LSE, Operand.OUT_GRADIENTS))
                .isEqualTo(4);
        assertThat(count(uploads, Operand.KEYS, Operand.VALUES)).isEqualTo(2 * 5);
        assertThat(count(uploads, Operand.KEY_GRADIENTS, Operand.VALUE_GRADIENTS))
                .isEqualTo(2 * 4);
        assertThat(count(downloads, Operand.KEY_GRADIENTS, Operand.VALUE_GRADIENTS))
                .isEqualTo(2 * 4 + 2);
        assertThat(count(downloads, Operand.QUERY_GRADIENTS)).isEqualTo(1);
        assertThat(uploads).hasSize(4 + 10 + 8);
        assertThat(downloads).hasSize(11);
    }

    private static long count(List<Part> parts, Operand... operands) {
        List<Operand> wanted = List.of(operands);
        return parts.stream()
                .map(Part::buffer)
                .map(Buffer::operand)
                .filter(wanted::contains)
                .count();
    }

    @Test
    void aPlanIsPlacedOnce() {
        RankPlan placed = GradientPlacement.of(ring(DType.F32), EnumSet.noneOf(Operand.class));
        assertThatThrownBy(() -> GradientPlacement.of(placed, EnumSet.noneOf(Operand.class)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("placed already");
    }
}
