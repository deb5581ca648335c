package org.ringwood.benchmarks.workload;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.ringwood.kernels.AttentionCall;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Dropout;
import org.ringwood.kernels.Slice;

/**
 * One attention, or its gradients: {@code items} independent sequences of equal length, each with the whole mask to itself.
 *
 * @param items sequences
 * @param rows query rows of a sequence
 * @param keys key rows of a sequence
 * @param heads query heads
 * @param keyHeads key and value heads
 * @param dim elements of a query's or key's head
 * @param dimV elements of a value's head
 * @param dtype element type of inputs and output
 * @param masking what a query attends
 * @param layout order of the tensors' dimensions
 * @param pass what is computed of it
 * @param dropout rate at which weights are dropped, 0 for none
 */
public record Workload(
        int items,
        long rows,
        long keys,
        int heads,
        int keyHeads,
        int dim,
        int dimV,
        DType dtype,
        Masking masking,
        Layout layout,
        Pass pass,
        double dropout) {

    /** Up to so many queries a sequence are a decode: it is bound by memory, and told in bytes a second. */
    private static final long DECODE_ROWS = 8;

    private static final double FLOPS_PER_MULTIPLY_ADD = 2;

    /** Order of a tensor's dimensions in memory. */
    public enum Layout {
        /** {@code [heads, tokens, dim]}, as frameworks keep keys and values. */
        HTD,
        /** {@code [tokens, heads, dim]}, as projections write them. */
        THD;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** @throws IllegalArgumentException if no kernel computes this, or nothing is admitted */
    public Workload {
        if (items < 1 || rows < 1 || keys < 1) {
            throw new IllegalArgumentException(
                    "items=" + items + ", rows=" + rows + " and keys=" + keys + " must all be at least 1");
        }
        AttentionCall.requireSupported(heads, keyHeads, dim, dimV);
        Dropout _ = new Dropout(dropout, 0);
        if (masking.slices(rows, keys).stream().allMatch(Slice::isEmpty)) {
            throw new IllegalArgumentException("mask=" + masking + " admits nothing");
        }
    }

    /** One sequence of {@code tokens} queries and keys, full attention, f32, heads first. */
    public static Workload square(long tokens, int heads, int dim) {
        return new Workload(
                1, tokens, tokens, heads, heads, dim, dim, DType.F32, new Masking.Full(), Layout.HTD, Pass.FORWARD, 0);
    }

    /** {@code items} sequences with one query each. */
    public static Workload decode(int items, long keys, int heads, int keyHeads, int dim) {
        return new Workload(
                items, 1, keys, heads, keyHeads, dim, dim, DType.F32, new Masking.Full(), Layout.HTD, Pass.FORWARD, 0);
    }

    /** This with as many queries and keys as {@code tokens}. */
    public Workload withTokens(long tokens) {
        return new Workload(items, tokens, tokens, heads, keyHeads, dim, dimV, dtype, masking, layout, pass, dropout);
    }

    /** This with fewer key heads. */
    public Workload withKeyHeads(int number) {
        return new Workload(items, rows, keys, heads, number, dim, dimV, dtype, masking, layout, pass, dropout);
    }

    /** This with other elements. */
    public Workload withDtype(DType type) {
        return new Workload(items, rows, keys, heads, keyHeads, dim, dimV, type, masking, layout, pass, dropout);
    }

    /** This with another mask. */
    public Workload withMasking(Masking other) {
        return new Workload(items, rows, keys, heads, keyHeads, dim, dimV, dtype, other, layout, pass, dropout);
    }

    /** This in another layout. */
    public Workload withLayout(Layout other) {
        return new Workload(items, rows, keys, heads, keyHeads, dim, dimV, dtype, masking, other, pass, dropout);
    }

    /** This with weights dropped at a rate. */
    public Workload withDropout(double rate) {
        return new Workload(items, rows, keys, heads, keyHeads, dim, dimV, dtype, masking, layout, pass, rate);
    }

    /** The gradients of this. */
    public Workload backward() {
        return new Workload(
                items, rows, keys, heads, keyHeads, dim, dimV, dtype, masking, layout, Pass.BACKWARD, dropout);
    }

    /** Query rows of all sequences. */
    public long allRows() {
        return items * rows;
    }

    /** Key rows of all sequences. */
    public long allKeys() {
        return items * keys;
    }

    /** The admitted pairs of all sequences, one sequence after the other. */
    public List<Slice> slices() {
        List<Slice> one = masking.slices(rows, keys);
        return IntStream.range(0, items)
                .boxed()
                .flatMap(item -> one.stream().map(slice -> slice.shift(item * rows, item * keys)))
                .toList();
    }

    /** Admitted (query, key) pairs of one head. */
    public long pairs() {
        return items
                * masking.slices(rows, keys).stream().mapToLong(Slice::area).sum();
    }

    /** Multiplications and additions of the matrix products over the admitted pairs. */
    public double flops() {
        return FLOPS_PER_MULTIPLY_ADD * pairs() * heads * pass.multiplyAdds(dim, dimV);
    }

    /** Bytes of the keys and values that some query attends. */
    public double keyBytes() {
        // The slices of every mask here have keys of their own.
        long attended = masking.slices(rows, keys).stream()
                .mapToLong(slice -> slice.kTo() - slice.kFrom())
                .sum();
        return (double) items * attended * keyHeads * (dim + dimV) * dtype.bytes();
    }

    /** Whether it has so few queries that reading keys and values is what takes the time. */
    public boolean isDecode() {
        return pass == Pass.FORWARD && rows <= DECODE_ROWS;
    }

    /** The text that {@link WorkloadText#parse} reads, without what it need not be told. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("rows=").append(rows);
        append(text, keys != rows, "keys", keys);
        append(text, true, "heads", heads + "/" + keyHeads);
        append(text, true, "dim", dim);
        append(text, dimV != dim, "dimv", dimV);
        append(text, true, "dtype", dtype.name().toLowerCase(Locale.ROOT));
        append(text, true, "mask", masking);
        append(text, items > 1, "items", items);
        append(text, layout != Layout.HTD, "layout", layout);
        append(text, pass != Pass.FORWARD, "pass", pass);
        append(text, dropout > 0, "dropout", dropout);
        return text.toString();
    }

    private static void append(StringBuilder text, boolean told, String key, Object value) {
        if (told) {
            text.append(',').append(key).append('=').append(value);
        }
    }
}
