package org.ringwood.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import org.ringwood.attention.RankModel.Pair;
import org.ringwood.attention.RankModel.Summed;
import org.ringwood.attention.RankModel.Token;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.plan.Step;
import org.ringwood.kernels.AttentionCall;

/** What the steps of a backward pass do to the memory of a rank. */
final class GradientModel {
    private GradientModel() {}

    static void delta(RankModel rank, Step.Delta step) {
        rank.occupy(step.delta().buffer());
        for (long row = 0; row < step.out().rows(); row++) {
            for (int head = 0; head < step.out().heads(); head++) {
                Token out = (Token) rank.get(step, step.out(), row, head);
                assertThat(rank.get(step, step.outGradients(), row, head))
                        .as("%s: %s", rank, step)
                        .isEqualTo(new Token(Operand.OUT_GRADIENTS, out.position(), out.head()));
                rank.put(step.delta(), row, head, new Token(Operand.DELTA, out.position(), out.head()));
            }
        }
    }

    static void differentiate(RankModel rank, Step.Differentiate step) {
        int heads = step.queries().heads();
        var admitted = RankModel.admitted(step.queryPositions(), step.keyPositions(), step.slices());
        assertThat(admitted).as("%s: area of %s", rank, step).hasSize(Math.toIntExact(step.area()));
        for (Part part : new Part[] {step.lse(), step.delta(), step.outGradients(), step.queryGradients()}) {
            assertThat(part.rows())
                    .as("%s: rows of %s", rank, step)
                    .isEqualTo(step.queries().rows());
            assertThat(part.heads()).as("%s: heads of %s", rank, step).isEqualTo(heads);
        }
        for (Part part : new Part[] {step.values(), step.keyGradients(), step.valueGradients()}) {
            assertThat(part.rows())
                    .as("%s: rows of %s", rank, step)
                    .isEqualTo(step.keys().rows());
            assertThat(part.heads())
                    .as("%s: heads of %s", rank, step)
                    .isEqualTo(step.keys().heads());
        }
        for (int head = 0; head < heads; head++) {
            for (Pair pair : admitted) {
                differentiate(rank, step, pair, head);
            }
        }
        rank.attended((long) admitted.size() * heads);
    }

    private static void differentiate(RankModel rank, Step.Differentiate step, Pair pair, int head) {
        int keyHead =
                AttentionCall.keyHead(head, step.queries().heads(), step.keys().heads());
        String what = rank + ": " + step + " of " + pair;
        Token query = token(rank, step, step.queries(), pair.queryRow(), head);
        Token key = token(rank, step, step.keys(), pair.keyRow(), keyHead);
        long queryPosition = step.queryPositions().position(pair.queryRow());
        long keyPosition = step.keyPositions().position(pair.keyRow());
        assertThat(query).as(what).isEqualTo(new Token(Operand.QUERIES, queryPosition, step.firstHead() + head));
        assertThat(key).as(what).isEqualTo(new Token(Operand.KEYS, keyPosition, rank.keyHead(query.head())));
        for (Part part : new Part[] {step.lse(), step.delta(), step.outGradients()}) {
            assertThat(token(rank, step, part, pair.queryRow(), head))
                    .as(what)
                    .isEqualTo(new Token(part.buffer().operand(), queryPosition, query.head()));
        }
        Token value = new Token(Operand.VALUES, keyPosition, key.head());
        assertThat(token(rank, step, step.values(), pair.keyRow(), keyHead))
                .as(what)
                .isEqualTo(value);
        sum(rank, step, step.queryGradients(), pair.queryRow(), head, query, keyPosition);
        long attending = queryPosition * rank.heads() + query.head();
        sum(rank, step, step.keyGradients(), pair.keyRow(), keyHead, key, attending);
        sum(rank, step, step.valueGradients(), pair.keyRow(), keyHead, value, attending);
    }

    private static Token token(RankModel rank, Step step, Part part, long row, int head) {
        rank.use(RankModel.place(part, row, head));
        return (Token) rank.get(step, part, row, head);
    }

    private static void sum(RankModel rank, Step step, Part sums, long row, int head, Token of, long part) {
        BitSet one = new BitSet();
        one.set(Math.toIntExact(part));
        Summed before = (Summed) rank.get(step, sums, row, head);
        rank.put(sums, row, head, RankModel.merged(before, new Summed(of, one), rank + ": " + step));
    }

    static void add(RankModel rank, Step.Add step) {
        requireAlike(rank, step, step.from(), step.into());
        for (long row = 0; row < step.from().rows(); row++) {
            for (int head = 0; head < step.from().heads(); head++) {
                Summed more = (Summed) rank.get(step, step.from(), row, head);
                Summed before = (Summed) rank.get(step, step.into(), row, head);
                rank.put(step.into(), row, head, RankModel.merged(before, more, rank + ": " + step));
                rank.use(RankModel.place(step.from(), row, head));
            }
        }
    }

    static void round(RankModel rank, Step.Round step) {
        requireAlike(rank, step, step.from(), step.to());
        rank.occupy(step.to().buffer());
        for (long row = 0; row < step.from().rows(); row++) {
            for (int head = 0; head < step.from().heads(); head++) {
                rank.put(step.to(), row, head, rank.get(step, step.from(), row, head));
            }
        }
    }

    private static void requireAlike(RankModel rank, Step step, Part from, Part to) {
        assertThat(to.rows()).as("%s: rows of %s", rank, step).isEqualTo(from.rows());
        assertThat(to.heads()).as("%s: heads of %s", rank, step).isEqualTo(from.heads());
        assertThat(to.buffer().operand())
                .as("%s: operand of %s", rank, step)
                .isEqualTo(from.buffer().operand());
    }

    static void assertComplete(RankModel memory, Plan plan, RankPlan rank) {
        for (long row = 0; row < rank.queryPositions().rows(); row++) {
            long query = rank.queryPositions().position(row);
            for (int head = 0; head < plan.shape().heads(); head++) {
                Token of = new Token(Operand.QUERIES, query, head);
                assertSum(memory, Operand.QUERY_GRADIENTS, row, head, of, memory.admitted(query));
            }
        }
        for (long row = 0; row < rank.keyPositions().rows(); row++) {
            long key = rank.keyPositions().position(row);
            for (int head = 0; head < plan.shape().kvHeads(); head++) {
                BitSet attending = attending(memory, plan, key, head);
                Token ofKey = new Token(Operand.KEYS, key, head);
                assertSum(memory, Operand.KEY_GRADIENTS, row, head, ofKey, attending);
                Token ofValue = new Token(Operand.VALUES, key, head);
                assertSum(memory, Operand.VALUE_GRADIENTS, row, head, ofValue, attending);
            }
        }
    }

    private static BitSet attending(RankModel memory, Plan plan, long key, int keyHead) {
        BitSet attending = new BitSet();
        int heads = plan.shape().heads();
        for (int query = 0; query < plan.shape().queries(); query++) {
            if (memory.admitted(query).get((int) key)) {
                for (int head = 0; head < heads; head++) {
                    if (memory.keyHead(head) == keyHead) {
                        attending.set(query * heads + head);
                    }
                }
            }
        }
        return attending;
    }

    private static void assertSum(RankModel memory, Operand operand, long row, int head, Token of, BitSet parts) {
        assertThat(memory.result(operand, row, head))
                .as("%s: %s of %s", memory, operand, of)
                .isEqualTo(new Summed(parts.isEmpty() ? RankModel.NOBODY : of, parts));
    }
}
