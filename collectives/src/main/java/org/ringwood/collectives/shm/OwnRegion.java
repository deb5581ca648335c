package org.ringwood.collectives.shm;

import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Set;
import org.ringwood.collectives.GroupMemory;

/** A region of this rank. It is freed once it is closed and all messages that were sent from it have been read. */
final class OwnRegion implements GroupMemory, Hold {
    private final Region region;
    private final MemorySegment segment;
    private final Regions regions;
    private final Set<Integer> toBeMappedBy;
    private int messages;
    private boolean closed;
    private boolean freed;

    OwnRegion(Region region, long bytes, Set<Integer> peers, Regions regions) {
        this.region = region;
        this.segment = region.memory().asSlice(0, bytes);
        this.regions = regions;
        this.toBeMappedBy = new HashSet<>(peers);
        unlinkIfMapped();
    }

    Region region() {
        return region;
    }

    @Override
    public MemorySegment segment() {
        return segment;
    }

    /** A peer has mapped it, or never will. */
    void mappedBy(int peer) {
        if (toBeMappedBy.remove(peer)) {
            unlinkIfMapped();
        }
    }

    private void unlinkIfMapped() {
        if (toBeMappedBy.isEmpty()) {
            region.file().unlink();
        }
    }

    @Override
    public void messageSent() {
        messages++;
    }

    @Override
    public void messageRead() {
        messages--;
        freeIfUnused();
    }

    @Override
    public void close() {
        closed = true;
        freeIfUnused();
    }

    private void freeIfUnused() {
        if (closed && messages == 0 && !freed) {
            regions.free(this);
            discard();
        }
    }

    /** Ends it at once, whoever reads it. */
    void discard() {
        if (!freed) {
            freed = true;
            region.file().unlink();
            region.file().unmap();
        }
    }
}
