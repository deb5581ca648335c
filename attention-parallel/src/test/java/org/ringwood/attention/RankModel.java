package org.ringwood.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.ringwood.attention.plan.Buffer;
import org.ringwood.attention.plan.Operand;
import org.ringwood.attention.plan.Part;
import org.ringwood.attention.plan.Pass;
import org.ringwood.attention.plan.Plan;
import org.ringwood.attention.plan.RankPlan;
import org.ringwood.attention.plan.Step;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.Space;

/**
 * The memory of one rank while a plan is run with symbols in place of numbers: for each row and head a buffer holds which token it is,
 * or for a state and an output which keys were attended for which query. A buffer that is written takes its slot from the
 * buffer that was there, and reading what is not there fails.
 */
final class RankModel {
    /** What one head of one row holds. */
    sealed interface Cell {}

    /** A row of the input. */
    record Token(Operand operand, long position, int head) implements Cell {}

    /**
     * What was attended or summed up so far, or in the end.
     *
     * @param of token of the query, or of the row whose gradient it is; {@link #NOBODY} while there is nothing
     * @param parts the keys; of a gradient of a key or value the queries, {@code position · heads + head}
     */
    record Summed(Token of, BitSet parts) implements Cell {}

    static final Token NOBODY = new Token(Operand.QUERIES, -1, -1);

    record Place(int buffer, long row, int head) {}

    private final Plan plan;
    private final RankPlan rank;
    private final Map<Place, Cell> cells = new HashMap<>();
    private final Map<Integer, Integer> holderOfSlot = new HashMap<>();
    private final Set<Place> used = new HashSet<>();
    private final Map<Place, Place> sources = new HashMap<>();
    private long pairs;

    RankModel(Plan plan, RankPlan rank) {
        this.plan = plan;
        this.rank = rank;
        fill(Operand.QUERIES, rank.queryPositions());
        fill(Operand.KEYS, rank.keyPositions());
        fill(Operand.VALUES, rank.keyPositions());
        if (plan.pass() == Pass.BACKWARD) {
            fill(Operand.OUT, rank.queryPositions());
            fill(Operand.LSE, rank.queryPositions());
            fill(Operand.OUT_GRADIENTS, rank.queryPositions());
        }
    }

    private void fill(Operand operand, Positions positions) {
        Part whole = callers(operand).all();
        assertThat(whole.rows()).as("%s: rows of %s", this, operand).isEqualTo(positions.rows());
        for (long row = 0; row < whole.rows(); row++) {
            for (int head = 0; head < whole.heads(); head++) {
                put(whole, row, head, new Token(operand, positions.position(row), head));
            }
        }
    }

    Buffer callers(Operand operand) {
        return rank.buffers().stream()
                .filter(buffer -> buffer.isCallers() && buffer.operand() == operand)
                .findFirst()
                .orElseThrow();
    }

    static Place place(Part part, long row, int head) {
        return new Place(part.buffer().id(), part.fromRow() + row, part.fromHead() + head);
    }

    void put(Part part, long row, int head, Cell cell) {
        cells.put(place(part, row, head), cell);
    }

    Cell get(Step step, Part part, long row, int head) {
        Cell cell = cells.get(place(part, row, head));
        if (cell == null) {
            throw new AssertionError(this + " reads row " + row + ", head " + head + " of " + part + " in step "
                    + step.id() + " (" + step + "), but nothing is there");
        }
        return cell;
    }

    /** Makes a buffer the one that its slot holds. A loan lies elsewhere and takes no slot. */
    void occupy(Buffer buffer) {
        if (buffer.isCallers() || StepConflicts.isLent(rank, buffer)) {
            return;
        }
        Integer former = holderOfSlot.put(buffer.slot(), buffer.id());
        if (former != null && former != buffer.id()) {
            cells.keySet().removeIf(place -> place.buffer() == former);
        }
    }

    /** What a message carries. */
    List<Cell> read(Step.Send send) {
        Part part = send.part();
        List<Cell> payload = new ArrayList<>();
        for (long row = 0; row < part.rows(); row++) {
            for (int head = 0; head < part.heads(); head++) {
                payload.add(get(send, part, row, head));
                use(place(part, row, head));
            }
        }
        return payload;
    }

    void write(Step.Receive receive, List<Cell> payload) {
        Part part = receive.part();
        occupy(part.buffer());
        int next = 0;
        for (long row = 0; row < part.rows(); row++) {
            for (int head = 0; head < part.heads(); head++) {
                put(part, row, head, payload.get(next++));
            }
        }
    }

    void run(Step.Kernel kernel) {
        switch (kernel) {
            case Step.Clear clear -> clear(clear);
            case Step.Copy copy -> copy(copy);
            case Step.Attend attend -> attend(attend);
            case Step.Finish finish -> finish(finish);
            case Step.Delta delta -> GradientModel.delta(this, delta);
            case Step.Differentiate differentiate -> GradientModel.differentiate(this, differentiate);
            case Step.Add add -> GradientModel.add(this, add);
            case Step.Round round -> GradientModel.round(this, round);
        }
    }

    private void clear(Step.Clear clear) {
        occupy(clear.state().buffer());
        for (long row = 0; row < clear.state().rows(); row++) {
            for (int head = 0; head < clear.state().heads(); head++) {
                put(clear.state(), row, head, new Summed(NOBODY, new BitSet()));
            }
        }
    }

    private void copy(Step.Copy copy) {
        requireSpace(copy, copy.from().buffer().space(), copy.to());
        assertThat(copy.to().rows())
                .as("%s: rows of %s", this, copy)
                .isEqualTo(copy.from().rows());
        assertThat(copy.to().heads())
                .as("%s: heads of %s", this, copy)
                .isEqualTo(copy.from().heads());
        assertThat(copy.to().buffer().operand())
                .as("%s: operand of %s", this, copy)
                .isEqualTo(copy.from().buffer().operand());
        occupy(copy.to().buffer());
        for (long row = 0; row < copy.from().rows(); row++) {
            for (int head = 0; head < copy.from().heads(); head++) {
                put(copy.to(), row, head, get(copy, copy.from(), row, head));
                use(place(copy.from(), row, head));
            }
        }
    }

    void run(Step.Upload upload) {
        requireSpace(upload, Space.HOST, upload.from());
        requireSpace(upload, Space.DEVICE, upload.to());
        copyOver(upload, upload.from(), upload.to());
    }

    void run(Step.Download download) {
        requireSpace(download, Space.DEVICE, download.from());
        requireSpace(download, Space.HOST, download.to());
        copyOver(download, download.from(), download.to());
    }

    /** What the copy is used for, its source is. */
    private void copyOver(Step step, Part from, Part to) {
        assertThat(to.rows()).as("%s: rows of %s", this, step).isEqualTo(from.rows());
        assertThat(to.heads()).as("%s: heads of %s", this, step).isEqualTo(from.heads());
        assertThat(to.buffer().operand())
                .as("%s: operand of %s", this, step)
                .isEqualTo(from.buffer().operand());
        occupy(to.buffer());
        for (long row = 0; row < from.rows(); row++) {
            for (int head = 0; head < from.heads(); head++) {
                put(to, row, head, get(step, from, row, head));
                sources.put(place(to, row, head), place(from, row, head));
            }
        }
    }

    private void requireSpace(Step step, Space space, Part... parts) {
        for (Part part : parts) {
            assertThat(part.buffer().space())
                    .as("%s: %s of step %s", this, part, step)
                    .isEqualTo(space);
        }
    }

    void use(Place place) {
        used.add(place);
        Place source = sources.get(place);
        if (source != null) {
            used.add(source);
        }
    }

    /** Rows of a query and a key. */
    record Pair(long queryRow, long keyRow) {}

    private void attend(Step.Attend attend) {
        requireSpace(attend, attend.state().buffer().space(), attend.queries(), attend.keys(), attend.values());
        List<Pair> admitted = admitted(attend.queryPositions(), attend.keyPositions(), attend.slices());
        assertThat(admitted).as("%s: area of %s", this, attend).hasSize(Math.toIntExact(attend.area()));
        int heads = attend.queries().heads();
        assertThat(attend.state().heads()).as("%s: heads of %s", this, attend).isEqualTo(heads);
        assertThat(attend.state().rows())
                .as("%s: rows of %s", this, attend)
                .isEqualTo(attend.queries().rows());
        for (int head = 0; head < heads; head++) {
            int keyHead = AttentionCall.keyHead(head, heads, attend.keys().heads());
            for (Pair pair : admitted) {
                attend(attend, pair, head, keyHead);
            }
        }
        attended((long) admitted.size() * heads);
    }

    void attended(long more) {
        pairs += more;
    }

    static List<Pair> admitted(Positions queryPositions, Positions keyPositions, List<Slice> slices) {
        List<Pair> admitted = new ArrayList<>();
        for (long q = 0; q < queryPositions.rows(); q++) {
            for (long k = 0; k < keyPositions.rows(); k++) {
                long query = queryPositions.position(q);
                long key = keyPositions.position(k);
                for (Slice slice : slices) {
                    if (slice.admits(query, key)) {
                        admitted.add(new Pair(q, k));
                    }
                }
            }
        }
        return admitted;
    }

    private void attend(Step.Attend attend, Pair pair, int head, int keyHead) {
        Token query = (Token) get(attend, attend.queries(), pair.queryRow, head);
        Token key = (Token) get(attend, attend.keys(), pair.keyRow, keyHead);
        Token value = (Token) get(attend, attend.values(), pair.keyRow, keyHead);
        long queryPosition = attend.queryPositions().position(pair.queryRow);
        long keyPosition = attend.keyPositions().position(pair.keyRow);
        int expected = keyHead(query.head);
        String what = this + ": " + attend + " of " + pair;
        assertThat(query).as(what).isEqualTo(new Token(Operand.QUERIES, queryPosition, attend.firstHead() + head));
        assertThat(key).as(what).isEqualTo(new Token(Operand.KEYS, keyPosition, expected));
        assertThat(value).as(what).isEqualTo(new Token(Operand.VALUES, keyPosition, expected));
        Summed before = (Summed) get(attend, attend.state(), pair.queryRow, head);
        BitSet one = new BitSet();
        one.set(Math.toIntExact(keyPosition));
        put(attend.state(), pair.queryRow, head, merged(before, new Summed(query, one), what));
        use(place(attend.keys(), pair.keyRow, keyHead));
        use(place(attend.values(), pair.keyRow, keyHead));
    }

    static Summed merged(Summed a, Summed b, String what) {
        if (a.parts.isEmpty() || b.parts.isEmpty()) {
            return a.parts.isEmpty() ? b : a;
        }
        assertThat(a.of).as(what).isEqualTo(b.of);
        assertThat(a.parts.intersects(b.parts))
                .as("%s: a pair is attended twice", what)
                .isFalse();
        BitSet parts = (BitSet) a.parts.clone();
        parts.or(b.parts);
        return new Summed(a.of, parts);
    }

    private void finish(Step.Finish finish) {
        occupy(finish.out().buffer());
        occupy(finish.lse().buffer());
        assertThat(finish.out().rows())
                .as("%s: rows of %s", this, finish)
                .isEqualTo(finish.state().rows());
        assertThat(finish.out().heads())
                .as("%s: heads of %s", this, finish)
                .isEqualTo(finish.state().heads());
        for (long row = 0; row < finish.state().rows(); row++) {
            for (int head = 0; head < finish.state().heads(); head++) {
                Cell state = get(finish, finish.state(), row, head);
                if (state instanceof Summed(Token of, BitSet _) && !of.equals(NOBODY)) {
                    assertThat(of.head).as("%s: %s", this, finish).isEqualTo(finish.firstHead() + head);
                }
                put(finish.out(), row, head, state);
                put(finish.lse(), row, head, state);
            }
        }
    }

    /** Merges the states that all ranks bring to the same all-reduce. */
    static void allReduce(List<RankModel> ranks, List<Step.AllReduce> steps) {
        Part shape = steps.getFirst().state();
        for (long row = 0; row < shape.rows(); row++) {
            for (int head = 0; head < shape.heads(); head++) {
                Summed all = new Summed(NOBODY, new BitSet());
                for (int i = 0; i < ranks.size(); i++) {
                    Step.AllReduce step = steps.get(i);
                    ranks.get(i).requireSpace(step, step.state().buffer().space(), step.incoming());
                    all = merged(all, (Summed) ranks.get(i).get(step, step.state(), row, head), step.toString());
                }
                for (int i = 0; i < ranks.size(); i++) {
                    ranks.get(i).put(steps.get(i).state(), row, head, all);
                }
            }
        }
    }

    /** Query heads of the whole. */
    int heads() {
        return plan.shape().heads();
    }

    /** Key head that a query head of the whole reads. */
    int keyHead(int head) {
        return AttentionCall.keyHead(head, plan.shape().heads(), plan.shape().kvHeads());
    }

    /** Number of (query, key, head) triples that this rank attended. */
    long pairs() {
        return pairs;
    }

    /** Every row and head of the output has exactly the keys that the mask admits for it. */
    void assertOutputComplete() {
        for (Operand operand : List.of(Operand.OUT, Operand.LSE)) {
            Part whole = callers(operand).all();
            assertThat(whole.rows()).isEqualTo(rank.queryPositions().rows());
            for (long row = 0; row < whole.rows(); row++) {
                for (int head = 0; head < whole.heads(); head++) {
                    long query = rank.queryPositions().position(row);
                    BitSet keys = admitted(query);
                    Token token = keys.isEmpty() ? NOBODY : new Token(Operand.QUERIES, query, head);
                    assertThat(cells.get(place(whole, row, head)))
                            .as("%s: %s of query %d, head %d", this, operand, query, head)
                            .isEqualTo(new Summed(token, keys));
                }
            }
        }
    }

    /** Every row and head of the gradients has exactly the pairs that the mask admits for it. */
    void assertGradientsComplete() {
        GradientModel.assertComplete(this, plan, rank);
    }

    /** What a row of one of the caller's tensors holds; null if nothing. */
    @Nullable
    Cell result(Operand operand, long row, int head) {
        return cells.get(place(callers(operand).all(), row, head));
    }

    /** The keys that a query attends. */
    BitSet admitted(long query) {
        BitSet keys = new BitSet();
        for (Slice slice : plan.problem().mask().slices()) {
            if (query >= slice.qFrom() && query < slice.qTo()) {
                keys.set((int) slice.keyFrom(query), (int) slice.keyTo(query));
            }
        }
        return keys;
    }

    /** Every key and value that came in one of these messages was attended or sent on. */
    void assertAllUsed(Collection<Step.Receive> receives) {
        for (Step.Receive receive : receives) {
            Part part = receive.part();
            for (long row = 0; row < part.rows(); row++) {
                for (int head = 0; head < part.heads(); head++) {
                    assertThat(used.contains(place(part, row, head)))
                            .as("%s: row %d, head %d of %s is attended or sent on", this, row, head, receive)
                            .isTrue();
                }
            }
        }
    }

    @Override
    public String toString() {
        return "rank " + rank.rank();
    }
}
