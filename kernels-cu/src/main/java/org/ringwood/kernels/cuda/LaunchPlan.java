package org.ringwood.kernels.cuda;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.ringwood.kernels.Slice;
import org.ringwood.kernels.SliceIndex;

/**
 * What a launch of attention is told (call.cuh): rows cut into blocks, for each the runs of keys that it reads, for each of those the pieces of slices
 * that are admitted; and where units are few, shares of their keys, so that every multiprocessor has work. A unit is a block of rows together with some heads
 * that read one key head.
 */
final class LaunchPlan {
    private static final int LONGEST_RUN = 1 << 30;

    /** Every tile of a run looks at all its pieces: with more than so many, the run is cut into its tiles. */
    private static final int MOST_PIECES = 8;

    /** A share of fewer tiles is not worth the merge. */
    private static final int FEWEST_TILES = 2;

    private final SliceIndex slices;
    private final long keyFrom;
    private final long keyTo;
    private final int queryHeads;
    private final int keyHeads;
    private final AttendKernel kernel;
    private final BlockShape shape;
    private final int headsPerUnit;
    private final int unitsPerKeyHead;
    private final int rowsPerBlock;

    /** firstRun, endRun. */
    final IntTable blocks = new IntTable(2);
    /** from (two ints), count, firstPiece, endPiece, unused. */
    final IntTable runs = new IntTable(6);
    /** qFrom, qTo, kFrom, kTo, lowest, highest, relative to the block's first row and the run's first key. */
    final IntTable pieces = new IntTable(6);
    /** block, unit, run, key, tiles, slot. */
    final IntTable parts = new IntTable(6);
    /** First part of each share, and the end of the last. */
    final IntTable shares = new IntTable(1);
    /** block, unit, firstSlot, endSlot. */
    final IntTable splits = new IntTable(4);

    private int slots;
    private double admitted;

    /**
     * Plans the attention of all rows to the keys {@code [keyFrom, keyTo)}.
     *
     * @param slices what is admitted
     * @param kernel what is launched
     * @param poll run every now and then; what it throws ends the planning
     */
    LaunchPlan(
            SliceIndex slices,
            long rows,
            long keyFrom,
            long keyTo,
            int queryHeads,
            int keyHeads,
            AttendKernel kernel,
            Runnable poll) {
        this.slices = slices;
        this.keyFrom = keyFrom;
        this.keyTo = keyTo;
        this.queryHeads = queryHeads;
        this.keyHeads = keyHeads;
        this.kernel = kernel;
        this.shape = kernel.shape();
        int group = Math.ceilDiv(queryHeads, keyHeads);
        this.unitsPerKeyHead = unitsPerKeyHead(queryHeads, keyHeads, shape);
        this.headsPerUnit = Math.ceilDiv(group, unitsPerKeyHead);
        this.rowsPerBlock = shape.queries() / headsPerUnit;
        for (long row = 0; row < rows; row += rowsPerBlock) {
            poll.run();
            addBlock(row, Math.min(rows, row + rowsPerBlock));
        }
        if ((long) blocks.size() * units() < kernel.resident()) {
            split(kernel.resident());
        }
    }

    private static int unitsPerKeyHead(int queryHeads, int keyHeads, BlockShape shape) {
        return Math.ceilDiv(Math.ceilDiv(queryHeads, keyHeads), shape.queries());
    }

    /** Most that {@link #fill} can be: that of one block with all rows, every key of which each row attends. */
    static double mostFill(long rows, int queryHeads, int keyHeads, AttendKernel kernel) {
        BlockShape shape = kernel.shape();
        double units = (double) keyHeads * unitsPerKeyHead(queryHeads, keyHeads, shape);
        return rows * queryHeads / (units * shape.queries());
    }

    /** What is to be launched. */
    AttendKernel kernel() {
        return kernel;
    }

    int headsPerUnit() {
        return headsPerUnit;
    }

    int unitsPerKeyHead() {
        return unitsPerKeyHead;
    }

    int rowsPerBlock() {
        return rowsPerBlock;
    }

    /** Units of a block of rows. */
    int units() {
        return keyHeads * unitsPerKeyHead;
    }

    boolean isSplit() {
        return shares.size() > 0;
    }

    /** Whether nothing is admitted. */
    boolean isEmpty() {
        return runs.size() == 0;
    }

    /** Partial states of a block's queries that the split units leave. */
    int slots() {
        return slots;
    }

    /** Admitted pairs in parts of those that the tiles span. */
    double fill() {
        double spanned = 0;
        for (int run = 0; run < runs.size(); run++) {
            spanned += (double) tilesOfRun(run) * shape.keys() * shape.queries() * units();
        }
        return spanned == 0 ? 1 : admitted * queryHeads / spanned;
    }

    /** Some neighbouring blocks of rows, which are launched together. */
    @FunctionalInterface
    interface Portion {
        /** Launches the blocks {@code [first, end)}. */
        void launch(int first, int end);
    }

    /** Hands over all blocks, the last ones first, in portions of at most so many tiles, but of one block at least. */
    void eachPortion(long most, Portion portion) {
        int end = blocks.size();
        while (end > 0) {
            int first = end - 1;
            long tiles = tilesOfBlock(first) * units();
            while (first > 0 && tiles + tilesOfBlock(first - 1) * units() <= most) {
                first--;
                tiles += tilesOfBlock(first) * units();
            }
            portion.launch(first, end);
            end = first;
        }
    }

    /** Tiles that a unit of a block reads. */
    private long tilesOfBlock(int block) {
        long tiles = 0;
        for (int run = blocks.get(block, 0); run < blocks.get(block, 1); run++) {
            tiles += tilesOfRun(run);
        }
        return tiles;
    }

    private int tilesOfRun(int run) {
        return Math.ceilDiv(runs.get(run, 2), shape.keys());
    }

    private void addBlock(long rowFrom, long rowTo) {
        List<Slice> here = new ArrayList<>();
        slices.forEach(rowFrom, rowTo, slice -> {
            Slice clipped = slice.clip(rowFrom, rowTo, keyFrom, keyTo);
            if (!clipped.isEmpty()) {
                here.add(clipped);
            }
        });
        here.sort(Comparator.comparingLong(Slice::kFrom));
        int first = runs.size();
        int next = 0;
        while (next < here.size()) {
            int begin = next;
            long to = here.get(begin).kTo();
            for (next++; next < here.size() && here.get(next).kFrom() <= to; next++) {
                to = Math.max(to, here.get(next).kTo());
            }
            addRuns(here.subList(begin, next), rowFrom, rowTo, to);
        }
        blocks.add(first, runs.size());
    }

    /** Runs over the keys of slices that overlap or adjoin, from the first one's first key to {@code to}. */
    private void addRuns(List<Slice> together, long rowFrom, long rowTo, long to) {
        int step = together.size() > MOST_PIECES ? shape.keys() : LONGEST_RUN / shape.keys() * shape.keys();
        for (long from = together.getFirst().kFrom(); from < to; from += step) {
            addRun(together, rowFrom, rowTo, from, Math.min(to, from + step));
        }
    }

    private void addRun(List<Slice> together, long rowFrom, long rowTo, long from, long to) {
        int firstPiece = pieces.size();
        for (Slice slice : together) {
            Slice piece = slice.clip(rowFrom, rowTo, from, to);
            if (!piece.isEmpty()) {
                admitted += piece.area();
                pieces.add(
                        (int) (piece.qFrom() - rowFrom),
                        (int) (piece.qTo() - rowFrom),
                        (int) (piece.kFrom() - from),
                        (int) (piece.kTo() - from),
                        (int) (piece.lowest() - from + rowFrom),
                        (int) (piece.highest() - from + rowFrom));
            }
        }
        if (firstPiece < pieces.size()) {
            // Keys of a launch are counted from the first that it has on the device.
            long key = from - keyFrom;
            runs.add((int) key, (int) (key >>> 32), (int) (to - from), firstPiece, pieces.size(), 0);
        }
    }

    /** Stream-K: the tiles of all units in one row, cut into equal shares, one for each resident block. */
    private void split(int resident) {
        long ofUnit = 0;
        for (int run = 0; run < runs.size(); run++) {
            ofUnit += tilesOfRun(run);
        }
        long total = ofUnit * units();
        Sharing sharing = new Sharing(total, Math.max(1, Math.min(resident, total / FEWEST_TILES)));
        for (int unit = 0; unit < units(); unit++) {
            for (int block = 0; block < blocks.size(); block++) {
                int firstPart = parts.size();
                for (int run = blocks.get(block, 0); run < blocks.get(block, 1); run++) {
                    sharing.add(block, unit, run, firstPart);
                }
                setSlots(block, unit, firstPart);
            }
        }
        shares.add(parts.size());
    }

    /** Parts of a unit whose keys are in several shares leave partial states. */
    private void setSlots(int block, int unit, int firstPart) {
        int count = parts.size() - firstPart;
        if (count > 1) {
            splits.add(block, unit, slots, slots + count);
            for (int part = firstPart; part < parts.size(); part++) {
                parts.set(part, 5, slots++);
            }
        }
    }

    private final class Sharing {
        private final long total;
        private final long count;
        private long done;

        Sharing(long total, long count) {
            this.total = total;
            this.count = count;
            shares.add(0);
        }

        private long endOfShare() {
            return total * shares.size() / count;
        }

        /** Hands out the tiles of a run to as many shares as it takes. */
        void add(int block, int unit, int run, int firstPart) {
            int all = tilesOfRun(run);
            for (int at = 0; at < all; ) {
                while (done == endOfShare() && shares.size() < count) {
                    shares.add(parts.size());
                }
                int take = (int) Math.min(all - at, endOfShare() - done);
                int last = parts.size() - 1;
                if (last >= firstPart && last >= shares.get(shares.size() - 1, 0)) {
                    parts.set(last, 4, parts.get(last, 4) + take);
                } else {
                    parts.add(block, unit, run, at * shape.keys(), take, -1);
                }
                at += take;
                done += take;
            }
        }
    }
}
