package org.ringwood.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
    private static final int CASES = 5;

    /** What is only read. */
    private static final Set<Operand> INPUTS =
            EnumSet.of(Operand.QUERIES, Operand.KEYS, Operand.VALUES, Operand.OUT_GRADIENTS);

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 7})
    void placedPlansAttendWhatTheMaskAdmits(int ranks) {
        PlanModelTest.forEachPlan(CASES, ranks, (schedule, problem, random, what) -> {
            for (Space messages : Space.values()) {
                check(schedule, schedule.plan(problem), messages, random, what);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 7})
    void placedPlansSumUpWhatTheMaskAdmits(int ranks) {
        PlanModelTest.forEachPlan(CASES, ranks, (schedule, problem, random, what) -> {
            for (Space messages : Space.values()) {
                DType gradients = random.nextBoolean() ? DType.F32 : DType.F16;
                check(schedule, schedule.backward(problem, gradients), messages, random, what);
            }
        });
    }

    private static void check(Schedule schedule, Plan plan, Space messages, RandomGenerator random, String what) {
        List<Set<Operand>> packed = new ArrayList<>();
        List<RankPlan> ranks = new ArrayList<>();
        for (int rank = 0; rank < plan.ranks(); rank++) {
            Set<Operand> onDevice = PlanModelTest.anyOperands(random);
            Set<Operand> strided = PlanModelTest.anyOperands(random);
            if (messages == Space.DEVICE) {
                strided.addAll(onDevice);
            }
            packed.add(strided);
            RankPlan host = plan.rank(rank, strided);
            // Some ranks compute on the host.
            ranks.add(random.nextInt(4) == 0 ? host : placed(host, onDevice, messages));
        }
        try {
            new PlanModel(plan, packed, ranks).check(PlanModelTest.firstBlockHop(schedule, plan.problem()));
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    plan + ", " + what + ", messages from " + messages + ", nodes "
                            + plan.problem().topology().nodes() + ", packed " + packed,
                    e);
        }
    }

    private static RankPlan placed(RankPlan host, Set<Operand> onDevice, Space messages) {
        RankPlan placed = Placement.of(host, onDevice, messages);
        assertThat(named(placed, Step.Message.class)).isEqualTo(named(host, Step.Message.class));
        assertThat(kernels(placed)).isEqualTo(kernels(host));
        for (Step step : placed.steps()) {
            switch (step) {
                case Step.Message message ->
                    assertThat(message.part().buffer().space())
                            .as("%s", message)
                            .isEqualTo(messages);
                case Step.AllReduce reduce ->
                    assertThat(reduce.state().buffer().space()).isEqualTo(messages);
                case Step.Copy copy ->
                    assertThat(copy.from().buffer().space())
                            .isEqualTo(copy.to().buffer().space());
                case Step.Kernel kernel ->
                    assertThat(partsOf(kernel))
                            .as("%s", kernel)
                            .allMatch(part -> part.buffer().space() == Space.DEVICE);
                default -> {}
            }
        }
        assertThat(placed.steps())
                .noneMatch(
                        step -> step instanceof Step.Receive receive && receive.borrowed() && messages == Space.DEVICE);
        assertInputsAreUploadedOnce(placed);
        assertStatesStay(placed, messages);
        assertBlocksTakeTurns(host, placed);
        return placed;
    }

    private static List<String> named(RankPlan plan, Class<? extends Step> kind) {
        return plan.steps().stream()
                .filter(kind::isInstance)
                .map(Step::toString)
                .toList();
    }

    /** Kernels' shapes and masks, in the order that decides about bits. Copies may become uploads or downloads. */
    private static List<Object> kernels(RankPlan rank) {
        return rank.steps().stream()
                .filter(step -> step instanceof Step.Kernel && !(step instanceof Step.Copy))
                .<Object>map(step -> List.of(step.toString(), partsOf(step).toString(), masked(step)))
                .toList();
    }

    private static List<Object> masked(Step kernel) {
        return switch (kernel) {
            case Step.Attend of -> List.of(of.queryPositions(), of.keyPositions(), of.slices(), of.firstHead());
            case Step.Differentiate of -> List.of(of.queryPositions(), of.keyPositions(), of.slices(), of.firstHead());
            default -> List.of();
        };
    }

    private static List<Part> partsOf(Step kernel) {
        return switch (kernel) {
            case Step.Clear of -> List.of(of.state());
            case Step.Attend of -> List.of(of.queries(), of.keys(), of.values(), of.state());
            case Step.Finish of -> List.of(of.state(), of.out(), of.lse());
            case Step.Delta of -> List.of(of.out(), of.outGradients(), of.delta());
            case Step.Differentiate of ->
                List.of(
                        of.queries(),
                        of.keys(),
                        of.values(),
                        of.lse(),
                        of.delta(),
                        of.outGradients(),
                        of.queryGradients(),
                        of.keyGradients(),
                        of.valueGradients());
            case Step.Add of -> List.of(of.from(), of.into());
            case Step.Round of -> List.of(of.from(), of.to());
            default -> throw new AssertionError(kernel);
        };
    }

    private static <T extends Step> List<T> all(RankPlan rank, Class<T> kind) {
        return rank.steps().stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    private static List<Step.Attend> attends(RankPlan rank) {
        return all(rank, Step.Attend.class);
    }

    private static List<Step.Upload> uploads(RankPlan rank) {
        return all(rank, Step.Upload.class);
    }

    private static List<Step.Download> downloads(RankPlan rank) {
        return all(rank, Step.Download.class);
    }

    private static void assertInputsAreUploadedOnce(RankPlan placed) {
        Map<Buffer, Ranges> seen = new HashMap<>();
        for (Step.Upload upload : uploads(placed)) {
            Part to = upload.to();
            if (INPUTS.contains(to.buffer().operand())
                    && to.heads() == to.buffer().heads()) {
                Ranges rows = Ranges.of(to.fromRow(), to.toRow());
                Ranges before = seen.getOrDefault(to.buffer(), Ranges.EMPTY);
                assertThat(before.intersection(rows).isEmpty())
                        .as("%s is the first of its rows", upload)
                        .isTrue();
                seen.put(to.buffer(), before.union(rows));
            }
        }
    }

    /** They go to the host and back to be reduced there, if at all. */
    private static void assertStatesStay(RankPlan placed, Space messages) {
        long reduced = placed.steps().stream()
                .filter(step -> step instanceof Step.AllReduce reduce
                        && reduce.state().buffer().operand() == Operand.STATE
                        && reduce.state().rows() > 0
                        && messages == Space.HOST)
                .count();
        assertThat(downloads(placed))
                .filteredOn(download -> download.from().buffer().operand() == Operand.STATE)
                .hasSize((int) reduced);
        assertThat(uploads(placed))
                .filteredOn(upload -> upload.to().buffer().operand() == Operand.STATE)
                .hasSize((int) reduced);
    }

    /** The device has no more slots for blocks than the plan has on the host. */
    private static void assertBlocksTakeTurns(RankPlan host, RankPlan placed) {
        long slotsOfHost = host.buffers().stream()
                .filter(buffer -> !buffer.isCallers())
                .map(Buffer::slot)
                .distinct()
                .count();
        long callers = host.buffers().stream().filter(Buffer::isCallers).count();
        assertThat(placed.slotsOnDevice().cardinality()).isLessThanOrEqualTo((int) (slotsOfHost + callers));
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
        List<Step.Attend> attends = attends(placed);
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
        Step.Attend first = attends(placed).getFirst();
        assertThat(List.of(first.queries(), first.keys(), first.values()))
                .allMatch(part -> part.buffer().isCallers());
    }

    /** What a rank of a ring copies for its gradients: its operands and each block in, each block's sums out and in, its gradients out. */
    @Test
    void nothingOfABackwardPassIsCopiedTwice() {
        RankPlan placed = Placement.of(backwardRing(), EnumSet.noneOf(Operand.class));
        List<Part> uploads = uploads(placed).stream().map(Step.Upload::from).toList();
        List<Part> downloads = downloads(placed).stream().map(Step.Download::to).toList();
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

    /** Where messages take memory of the device only the caller's tensors cross: what is read once in, gradients once out. */
    @Test
    void messagesOfABackwardPassStayOnTheDevice() {
        RankPlan placed = Placement.of(backwardRing(), EnumSet.noneOf(Operand.class), Space.DEVICE);
        assertThat(uploads(placed))
                .extracting(upload -> upload.from().buffer().operand())
                .containsExactlyInAnyOrder(
                        Operand.QUERIES, Operand.KEYS, Operand.VALUES, Operand.OUT, Operand.LSE, Operand.OUT_GRADIENTS);
        assertThat(downloads(placed))
                .extracting(download -> download.to().buffer().operand())
                .containsExactlyInAnyOrder(Operand.QUERY_GRADIENTS, Operand.KEY_GRADIENTS, Operand.VALUE_GRADIENTS);
    }

    private static RankPlan backwardRing() {
        AttentionShape shape = new AttentionShape(60, 60, 2, 1, 4, 4, DType.F16);
        Schedule ring = new RingAttention();
        Problem problem = ring.problem(shape, Mask.full(60, 60), PartitionRule.CONTIGUOUS, Topology.singleNode(5));
        return ring.backward(problem, DType.F16).rank(0);
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
        RankPlan placed = Placement.of(ring(), EnumSet.noneOf(Operand.class));
        assertThatThrownBy(() -> Placement.of(placed, EnumSet.noneOf(Operand.class)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("placed already");
    }
}
