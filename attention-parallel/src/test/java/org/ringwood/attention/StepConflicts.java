package org.ringwood.attention;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.plan.Step;

/**
 * Finds two steps of a rank that touch the same memory, one of them writing, although no chain of dependencies orders them. If
 * there are none, every order that the dependencies allow gives what the order of ids gives.
 */
final class StepConflicts {
    private record Access(Step step, Part part, boolean writes) {
        boolean conflicts(Access other) {
            if (!writes && !other.writes) {
                return false;
            }
            // Two buffers of one slot overlap as a whole.
            boolean sameBuffer = part.buffer().id() == other.part.buffer().id();
            return !sameBuffer || overlaps(other.part);
        }

        private boolean overlaps(Part other) {
            return part.fromRow() < other.toRow()
                    && other.fromRow() < part.toRow()
                    && part.fromHead() < other.toHead()
                    && other.fromHead() < part.toHead();
        }
    }

    private StepConflicts() {}

    /** Whether a buffer is read where the sender has it, so that it lies in no slot of this rank. */
    static boolean isLent(RankPlan rank, Buffer buffer) {
        return rank.steps().stream()
                .anyMatch(step -> step instanceof Step.Receive receive
                        && receive.borrowed()
                        && receive.part().buffer().id() == buffer.id());
    }

    static void requireNone(RankPlan rank) {
        List<BitSet> before = before(rank.steps());
        for (List<Access> accesses : byMemory(rank).values()) {
            for (int i = 0; i < accesses.size(); i++) {
                for (int j = 0; j < i; j++) {
                    Access earlier = accesses.get(j);
                    Access later = accesses.get(i);
                    if (earlier.conflicts(later)
                            && earlier.step.id() != later.step.id()
                            && !before.get(later.step.id()).get(earlier.step.id())) {
                        throw new AssertionError("rank " + rank.rank() + ": nothing orders step "
                                + earlier.step.id() + " (" + earlier.step + ") and step " + later.step.id() + " ("
                                + later.step + "), which both touch " + later.part);
                    }
                }
            }
        }
    }

    /** For every step all that must be done before it. */
    private static List<BitSet> before(List<Step> steps) {
        List<BitSet> before = new ArrayList<>();
        for (Step step : steps) {
            BitSet all = new BitSet();
            for (int id : step.after()) {
                if (id >= step.id()) {
                    throw new AssertionError("step " + step.id() + " comes after the later step " + id);
                }
                all.or(before.get(id));
                all.set(id);
            }
            before.add(all);
        }
        return before;
    }

    private static Map<String, List<Access>> byMemory(RankPlan rank) {
        BitSet lent = new BitSet();
        rank.buffers().stream().filter(buffer -> isLent(rank, buffer)).forEach(buffer -> lent.set(buffer.id()));
        Map<String, List<Access>> byMemory = new HashMap<>();
        for (Step step : rank.steps()) {
            for (Access access : accesses(step)) {
                Buffer buffer = access.part.buffer();
                boolean own = buffer.isCallers() || lent.get(buffer.id());
                String memory = own ? "buffer " + buffer.id() : "slot " + buffer.slot();
                byMemory.computeIfAbsent(memory, m -> new ArrayList<>()).add(access);
            }
        }
        return byMemory;
    }

    private static List<Access> accesses(Step step) {
        return switch (step) {
            case Step.Send send -> List.of(new Access(step, send.part(), false));
            case Step.Receive receive -> List.of(new Access(step, receive.part(), true));
            case Step.Clear clear -> List.of(new Access(step, clear.state(), true));
            case Step.AllReduce reduce ->
                List.of(new Access(step, reduce.state(), true), new Access(step, reduce.incoming(), true));
            case Step.Copy copy -> List.of(new Access(step, copy.from(), false), new Access(step, copy.to(), true));
            case Step.Upload upload ->
                List.of(new Access(step, upload.from(), false), new Access(step, upload.to(), true));
            case Step.Download download ->
                List.of(new Access(step, download.from(), false), new Access(step, download.to(), true));
            case Step.Attend attend ->
                List.of(
                        new Access(step, attend.queries(), false),
                        new Access(step, attend.keys(), false),
                        new Access(step, attend.values(), false),
                        new Access(step, attend.state(), true));
            case Step.Delta delta ->
                List.of(
                        new Access(step, delta.out(), false),
                        new Access(step, delta.outGradients(), false),
                        new Access(step, delta.delta(), true));
            case Step.Differentiate of ->
                List.of(
                        new Access(step, of.queries(), false),
                        new Access(step, of.keys(), false),
                        new Access(step, of.values(), false),
                        new Access(step, of.lse(), false),
                        new Access(step, of.delta(), false),
                        new Access(step, of.outGradients(), false),
                        new Access(step, of.queryGradients(), true),
                        new Access(step, of.keyGradients(), true),
                        new Access(step, of.valueGradients(), true));
            case Step.Add add -> List.of(new Access(step, add.from(), false), new Access(step, add.into(), true));
            case Step.Round round -> List.of(new Access(step, round.from(), false), new Access(step, round.to(), true));
            case Step.Finish finish ->
                List.of(
                        new Access(step, finish.state(), true),
                        new Access(step, finish.out(), true),
                        new Access(step, finish.lse(), true));
        };
    }
}
