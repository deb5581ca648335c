package org.ringwood.collectives.shm;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One allocation of one rank, mapped here. */
final class Region {
    private final int owner;
    private final int id;
    private final SharedFile file;
    private final List<Loan> loans = new ArrayList<>();

    Region(int owner, int id, SharedFile file) {
        this.owner = owner;
        this.id = id;
        this.file = file;
    }

    int owner() {
        return owner;
    }

    int id() {
        return id;
    }

    SharedFile file() {
        return file;
    }

    MemorySegment memory() {
        return file.memory();
    }

    boolean contains(MemorySegment part) {
        long offset = offsetOf(part);
        return offset >= 0 && offset + part.byteSize() <= memory().byteSize();
    }

    long offsetOf(MemorySegment part) {
        return part.address() - memory().address();
    }

    /** Notes that a part is read in place. */
    void lent(Loan loan) {
        loans.add(loan);
    }

    void returned(Loan loan) {
        loans.remove(loan);
    }

    /** The loan that a part belongs to, or null if it is not lent. */
    @Nullable
    Loan loanOf(MemorySegment part) {
        for (Loan loan : loans) {
            if (loan.covers(part)) {
                return loan;
            }
        }
        return null;
    }

    @Override
    public String toString() {
        return "region %d of rank %d".formatted(id, owner);
    }
}
