package org.ringwood.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.plan.Placement;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.Problem;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.plan.Step;
import org.ringwood.attention.schedule.RingAttention;
import org.ringwood.attention.schedule.Schedule;
import org.ringwood.collectives.Topology;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Space;

/** Plans placed on devices with memory of their own, run without numbers beside ranks that have none. */
class PlacementTest {
    private static final int CASES = 6;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 7})
    void placedPlansAttendWhatTheMaskAdmits(int ranks) {
        PlanModelTest.forEachPlan(CASES, ranks, (schedule, problem, random, what) -> {
            for (Space messages : Space.values()) {
                check(schedule, problem, messages, random, what);
            }
        });
    }

    private static void check(Schedule schedule, Problem problem, Space messages, RandomGenerator random, String what) {
        Plan plan = schedule.plan(problem);
        List<Set<Operand>> packed = new ArrayList<>();
        List<RankPlan> ranks = new ArrayList<>();
        for (int rank = 0; rank < plan.ranks(); rank++) {
            Set<Operand> onDevice = PlanModelTest.anyOperands(random);
            Set<Operand> strided = PlanModelTest.anyOperands(random);
            strided.addAll(onDevice);
            packed.add(strided);
            RankPlan host = plan.rank(rank, strided);
            if (messages == Space.DEVICE) {
                ranks.add(placedWithItsMessages(host, onDevice));
            } else {
                // Some ranks compute on the host.
                ranks.add(random.nextInt(4) == 0 ? host : placed(host, onDevice));
            }
        }
        try {
            new PlanModel(plan, packed, ranks).check(PlanModelTest.firstBlockHop(schedule, problem));
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    plan + ", " + what + ", messages from " + messages + ", nodes "
                            + problem.topology().nodes() + ", packed " + packed,
                    e);
        }
    }

    private static RankPlan placed(RankPlan host, Set<Operand> onDevice) {
        RankPlan placed = Placement.of(host, onDevice);
        assertThat(attends(placed, PlacementTest::what)).isEqualTo(attends(host, PlacementTest::what));
        assertThat(attends(placed, attend -> attend.state().buffer().space())).doesNotContain(Space.HOST);
        assertThat(messages(placed)).isEqualTo(messages(host));
        assertUploadedOnce(placed);
        assertStatesStay(placed);
        assertBlocksTakeTurns(host, placed);
        assertThat(placed.steps())
                .noneMatch(step -> step instanceof Step.Message message
                        && message.part().buffer().space() == Space.DEVICE);
        return placed;
    }

    /** What is received stays where it is attended; only the caller's tensors of the host are copied, and states that are all-reduced. */
    private static RankPlan placedWithItsMessages(RankPlan host, Set<Operand> onDevice) {
        RankPlan placed = Placement.of(host, onDevice, Space.DEVICE);
        assertThat(attends(placed, PlacementTest::what)).isEqualTo(attends(host, PlacementTest::what));
        assertThat(messages(placed)).isEqualTo(messages(host));
        assertStatesStay(placed);
        assertThat(uploads(placed)).allMatch(upload -> upload.from().buffer().isCallers());
        for (Step step : placed.steps()) {
            switch (step) {
                case Step.Attend attend ->
                    assertThat(List.of(attend.queries(), attend.keys(), attend.values(), attend.state()))
                            .allMatch(part -> part.buffer().space() == Space.DEVICE);
                case Step.Receive receive -> assertThat(receive.borrowed()).isFalse();
                case Step.Download download ->
                    assertThat(download.from().buffer().operand() == Operand.STATE
                                    || download.to().buffer().isCallers())
                            .as("%s", download)
                            .isTrue();
                default -> {}
            }
        }
        return placed;
    }

    private static <T> List<T> attends(RankPlan rank, Function<Step.Attend, T> what) {
        return rank.steps().stream()
                .filter(Step.Attend.class::isInstance)
                .map(Step.Attend.class::cast)
                .map(what)
                .toList();
    }

    /** A kernel's shapes and mask: with its place among the others that decides about bits. */
    private static List<Object> what(Step.Attend attend) {
        return List.of(
                attend.queries().toString(),
                attend.keys().toString(),
                attend.queryPositions(),
                attend.keyPositions(),
                attend.slices(),
                attend.state().toString());
    }

    private static List<String> messages(RankPlan rank) {
        return rank.steps().stream()
                .filter(Step.Message.class::isInstance)
                .map(Step::toString)
                .toList();
    }

    private static List<Step.Upload> uploads(RankPlan rank) {
        return rank.steps().stream()
                .filter(Step.Upload.class::isInstance)
                .map(Step.Upload.class::cast)
                .toList();
    }

    private static void assertUploadedOnce(RankPlan placed) {
        assertThat(uploads(placed).stream()
                        .map(Step.Upload::from)
                        .map(Part::buffer)
                        .filter(PlacementTest::isInput))
                .as("each buffer is uploaded once")
                .doesNotHaveDuplicates();
    }

    /** Pieces of an output that lies on the device are uploaded one by one. */
    private static boolean isInput(Buffer buffer) {
        return buffer.operand() != Operand.OUT && buffer.operand() != Operand.LSE;
    }

    private static void assertStatesStay(RankPlan placed) {
        assertThat(uploads(placed)).noneMatch(upload -> upload.from().buffer().operand() == Operand.STATE);
        long downloads = placed.steps().stream()
                .filter(step -> step instanceof Step.Download download
                        && download.from().buffer().operand() == Operand.STATE)
                .count();
        long reductions =
                placed.steps().stream().filter(Step.AllReduce.class::isInstance).count();
        assertThat(downloads).isEqualTo(reductions);
    }

    /** The device has no more slots for blocks than the plan has on the host. */
    private static void assertBlocksTakeTurns(RankPlan host, RankPlan placed) {
        long slotsOfHost = host.buffers().stream().map(Buffer::slot).distinct().count();
        long callers = host.buffers().stream().filter(Buffer::isCallers).count();
        assertThat(placed.slotsOnDevice().cardinality()).isLessThanOrEqualTo((int) (slotsOfHost - 1 + callers));
    }

    /** A ring in which a rank reads its neighbour's block in place. */
    private static RankPlan ring() {
        AttentionShape shape = new AttentionShape(60, 60, 2, 1, 4, 4, DType.F32);
        Schedule ring = new RingAttention();
        Problem problem = ring.problem(shape, Mask.full(60, 60), PartitionRule.CONTIGUOUS, Topology.singleNode(5));
        return ring.plan(problem).rank(0);
    }

    @Test
    void aBlockIsUploadedWhileTheOneBeforeIsAttended() {
        RankPlan placed = Placement.of(ring(), EnumSet.noneOf(Operand.class));
        List<Step.Upload> keys = uploads(placed).stream()
                .filter(upload -> upload.from().buffer().operand() == Operand.KEYS)
                .toList();
        List<Step.Attend> attends = attends(placed, attend -> attend);
        assertThat(keys).hasSize(5);
        assertThat(attends).hasSize(5);
        for (int block = 0; block < 5; block++) {
            assertThat(attends.get(block).after()).contains(keys.get(block).id());
            // Its own block is the first; of the others two share the memory in turn.
            List<Integer> readers =
                    block < 3 ? List.of() : List.of(attends.get(block - 2).id());
            assertThat(keys.get(block).after().stream()
                            .filter(id -> placed.steps().get(id) instanceof Step.Kernel))
                    .isEqualTo(readers);
        }
    }

    @Test
    void aBlockIsGivenBackOnceItIsUploaded() {
        RankPlan placed = Placement.of(ring(), EnumSet.noneOf(Operand.class));
        for (Step step : placed.steps()) {
            if (step instanceof Step.Message message) {
                assertThat(message.after())
                        .as("%s waits for no kernel", message)
                        .noneMatch(id -> placed.steps().get(id) instanceof Step.Kernel);
            }
        }
    }

    @Test
    void tensorsOnTheDeviceAreAttendedThereAndDownloadedOnceToBeSent() {
        Set<Operand> all = EnumSet.complementOf(EnumSet.of(Operand.STATE));
        AttentionShape shape = new AttentionShape(60, 60, 2, 1, 4, 4, DType.F32);
        Schedule ring = new RingAttention();
        Problem problem = ring.problem(shape, Mask.full(60, 60), PartitionRule.ZIGZAG, Topology.singleNode(3));
        RankPlan placed = Placement.of(ring.plan(problem).rank(1, all), all);
        assertThat(placed.steps().stream()
                        .filter(Step.Download.class::isInstance)
                        .map(Step.Download.class::cast)
                        .map(download -> download.from().buffer().operand()))
                .containsExactlyInAnyOrder(Operand.KEYS, Operand.VALUES);
        assertThat(uploads(placed)).hasSize(4);
        Step.Attend first = attends(placed, attend -> attend).getFirst();
        assertThat(List.of(first.queries(), first.keys(), first.values()))
                .allMatch(part -> part.buffer().isCallers());
    }

    @Test
    void aPlanIsPlacedOnce() {
        RankPlan placed = Placement.of(ring(), EnumSet.noneOf(Operand.class));
        assertThatThrownBy(() -> Placement.of(placed, EnumSet.noneOf(Operand.class)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("placed already");
    }
}
