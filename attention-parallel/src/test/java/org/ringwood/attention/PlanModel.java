package org.ringwood.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.plan.Pass;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.plan.Step;

/**
 * Runs a plan without numbers, and judges it: what is attended, held, sent and waited for. Transfers are as unhelpful as they may
 * be: nothing is buffered, so a message needs both sides, and a sender whose payload is read in place waits for the last
 * step that reads it.
 */
final class PlanModel {
    private record Message(int from, int to, int hop, int tag) {}

    private final Plan plan;
    private final List<Set<Operand>> strided;
    private final List<RankPlan> ranks;
    private final List<RankModel> memories;
    private final Map<Message, Step.Send> sends = new HashMap<>();
    private final Map<Message, Step.Receive> receives = new HashMap<>();
    private final List<BitSet> started = new ArrayList<>();
    private final List<BitSet> done = new ArrayList<>();

    /** With the tensors of a rank that have gaps. */
    PlanModel(Plan plan, List<Set<Operand>> strided) {
        this(
                plan,
                strided,
                IntStream.range(0, plan.ranks())
                        .mapToObj(rank -> plan.rank(rank, strided.get(rank)))
                        .toList());
    }

    /** With the plans of the ranks, some of which may be placed on devices. */
    PlanModel(Plan plan, List<Set<Operand>> strided, List<RankPlan> ranks) {
        this.plan = plan;
        this.strided = strided;
        this.ranks = ranks;
        this.memories = ranks.stream().map(rank -> new RankModel(plan, rank)).toList();
        ranks.forEach(rank -> started.add(new BitSet()));
        ranks.forEach(rank -> done.add(new BitSet()));
    }

    /**
     * Checks everything.
     *
     * @param firstBlockHop hop from which keys travel only where they are needed
     */
    void check(int firstBlockHop) {
        ranks.forEach(StepConflicts::requireNone);
        matchMessages();
        run();
        memories.forEach(
                plan.pass() == Pass.FORWARD ? RankModel::assertOutputComplete : RankModel::assertGradientsComplete);
        assertNothingNeedless(firstBlockHop);
        assertWorkDoneOnce();
    }

    private void matchMessages() {
        for (RankPlan rank : ranks) {
            for (Step step : rank.steps()) {
                if (step instanceof Step.Send send) {
                    requireContiguous(rank.rank(), send.part());
                    Message message = new Message(rank.rank(), send.peer(), send.hop(), send.tag());
                    assertThat(sends.put(message, send))
                            .as("sent twice: %s", message)
                            .isNull();
                } else if (step instanceof Step.Receive receive) {
                    requireContiguous(rank.rank(), receive.part());
                    Message message = new Message(receive.peer(), rank.rank(), receive.hop(), receive.tag());
                    assertThat(receives.put(message, receive))
                            .as("received twice: %s", message)
                            .isNull();
                }
            }
        }
        assertThat(receives.keySet()).isEqualTo(sends.keySet());
        sends.forEach((message, send) -> requireAlike(message, send, Objects.requireNonNull(receives.get(message))));
    }

    private void requireContiguous(int rank, Part part) {
        Buffer buffer = part.buffer();
        boolean gaps = buffer.isCallers() && strided.get(rank).contains(buffer.operand());
        assertThat(!gaps && (part.rows() == 1 || part.heads() == buffer.heads()))
                .as("rank %d: %s lies in one piece and is not empty", rank, part)
                .isTrue();
        assertThat(part.rows()).as("rank %d: rows of a message", rank).isPositive();
    }

    private void requireAlike(Message message, Step.Send send, Step.Receive receive) {
        assertThat(message.from).as("%s is to another rank", message).isNotEqualTo(message.to);
        assertThat(receive.part().rows())
                .as("rows of %s", message)
                .isEqualTo(send.part().rows());
        assertThat(receive.part().heads())
                .as("heads of %s", message)
                .isEqualTo(send.part().heads());
        assertThat(receive.part().bytes())
                .as("bytes of %s", message)
                .isEqualTo(send.part().bytes());
        assertThat(receive.part().digest())
                .as("digest of %s", message)
                .isEqualTo(send.part().digest());
        if (receive.borrowed()) {
            assertThat(receive.part().isAll())
                    .as("%s is all of its buffer", message)
                    .isTrue();
            assertThat(plan.problem().topology().sameNode(message.from, message.to))
                    .as("%s stays on the node", message)
                    .isTrue();
        }
    }

    private void run() {
        boolean progress = true;
        while (progress) {
            progress = false;
            for (RankPlan rank : ranks) {
                for (Step step : rank.steps()) {
                    progress |= advance(rank.rank(), step);
                }
            }
            progress |= reduce();
        }
        for (RankPlan rank : ranks) {
            int stuck = done.get(rank.rank()).nextClearBit(0);
            if (stuck < rank.steps().size()) {
                throw new AssertionError("the ranks wait for each other; rank " + rank.rank() + " at step " + stuck
                        + " (" + rank.steps().get(stuck) + ")");
            }
        }
    }

    /** Starts a step whose turn it is and ends one that can end; tells whether anything happened. */
    private boolean advance(int rank, Step step) {
        BitSet hasStarted = started.get(rank);
        BitSet isDone = done.get(rank);
        if (isDone.get(step.id()) || !step.after().stream().allMatch(isDone::get)) {
            return false;
        }
        boolean starts = !hasStarted.get(step.id());
        hasStarted.set(step.id());
        return end(rank, step) || starts;
    }

    /** Ends a step that has started, if it can. */
    private boolean end(int rank, Step step) {
        boolean ends = switch (step) {
            case Step.Kernel kernel -> {
                memories.get(rank).run(kernel);
                yield true;
            }
            case Step.Upload upload -> {
                memories.get(rank).run(upload);
                yield true;
            }
            case Step.Download download -> {
                memories.get(rank).run(download);
                yield true;
            }
            case Step.Receive receive -> receive(rank, receive);
            case Step.Send send -> isTaken(rank, send);
            case Step.AllReduce _ -> false;
        };
        if (ends) {
            done.get(rank).set(step.id());
        }
        return ends;
    }

    private boolean receive(int rank, Step.Receive receive) {
        Step.Send send = sends.get(new Message(receive.peer(), rank, receive.hop(), receive.tag()));
        if (send == null || !started.get(receive.peer()).get(send.id())) {
            return false;
        }
        memories.get(rank).write(receive, memories.get(receive.peer()).read(send));
        return true;
    }

    private boolean isTaken(int rank, Step.Send send) {
        Step.Receive receive = receives.get(new Message(rank, send.peer(), send.hop(), send.tag()));
        if (receive == null || !done.get(send.peer()).get(receive.id())) {
            return false;
        }
        return !receive.borrowed()
                || ranks.get(send.peer()).steps().stream()
                        .filter(step -> reads(step, receive.part().buffer()))
                        .allMatch(step -> done.get(send.peer()).get(step.id()));
    }

    private static boolean reads(Step step, Buffer buffer) {
        return switch (step) {
            case Step.Send send -> send.part().buffer().equals(buffer);
            case Step.Copy copy -> copy.from().buffer().equals(buffer);
            case Step.Upload upload -> upload.from().buffer().equals(buffer);
            case Step.Download download -> download.from().buffer().equals(buffer);
            case Step.Attend attend ->
                attend.queries().buffer().equals(buffer)
                        || attend.keys().buffer().equals(buffer)
                        || attend.values().buffer().equals(buffer);
            case Step.Delta delta ->
                Stream.of(delta.out(), delta.outGradients())
                        .anyMatch(part -> part.buffer().equals(buffer));
            case Step.Differentiate of ->
                Stream.of(of.queries(), of.keys(), of.values(), of.lse(), of.delta(), of.outGradients())
                        .anyMatch(part -> part.buffer().equals(buffer));
            case Step.Add add -> add.from().buffer().equals(buffer);
            case Step.Round round -> round.from().buffer().equals(buffer);
            case Step.Receive _, Step.Clear _, Step.AllReduce _, Step.Finish _ -> false;
        };
    }

    /** Runs the next all-reduce if it is every rank's turn; all ranks have theirs in one order. */
    private boolean reduce() {
        List<Step.AllReduce> turn = new ArrayList<>();
        for (RankPlan rank : ranks) {
            rank.steps().stream()
                    .filter(Step.AllReduce.class::isInstance)
                    .map(Step.AllReduce.class::cast)
                    .filter(step -> !done.get(rank.rank()).get(step.id()))
                    .findFirst()
                    .filter(step -> started.get(rank.rank()).get(step.id()))
                    .ifPresent(turn::add);
        }
        if (turn.isEmpty() || turn.size() < ranks.size()) {
            return false;
        }
        RankModel.allReduce(memories, turn);
        for (int rank = 0; rank < turn.size(); rank++) {
            assertThat(turn.get(rank).state().bytes())
                    .isEqualTo(turn.getFirst().state().bytes());
            done.get(rank).set(turn.get(rank).id());
        }
        return true;
    }

    private void assertNothingNeedless(int firstBlockHop) {
        Set<Operand> circulating = plan.pass() == Pass.FORWARD
                ? Set.of(Operand.KEYS, Operand.VALUES)
                : EnumSet.complementOf(EnumSet.of(Operand.OUT));
        for (RankPlan rank : ranks) {
            memories.get(rank.rank())
                    .assertAllUsed(rank.steps().stream()
                            .filter(Step.Receive.class::isInstance)
                            .map(Step.Receive.class::cast)
                            .filter(receive -> receive.hop() >= firstBlockHop)
                            .filter(receive ->
                                    circulating.contains(receive.part().buffer().operand()))
                            .toList());
        }
    }

    private void assertWorkDoneOnce() {
        long pairs = 0;
        for (RankPlan rank : ranks) {
            RankModel memory = memories.get(rank.rank());
            pairs += memory.pairs();
            assertThat(plan.prediction(rank.rank()).flops())
                    .as("FLOPs of %s", memory)
                    .isEqualTo(2 * memory.pairs() * elementsOfAPair());
        }
        assertThat(pairs).isEqualTo(plan.problem().mask().area() * plan.shape().heads());
    }

    private long elementsOfAPair() {
        int dim = plan.shape().dim();
        int dimV = plan.shape().dimV();
        return plan.pass() == Pass.FORWARD ? dim + dimV : 3L * dim + 2L * dimV;
    }
}
