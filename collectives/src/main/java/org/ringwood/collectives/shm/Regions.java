package org.ringwood.collectives.shm;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.ringwood.collectives.shm.Signal.Announce;
import org.ringwood.collectives.shm.Signal.Free;
import org.ringwood.collectives.shm.Signal.Mapped;

/** All regions that are mapped here, this rank's and its peers'. */
final class Regions {
    /** A mapping has at least this size, since there are no empty ones. */
    private static final long SMALLEST = 64;

    private record Id(int owner, int number) {}

    private final Site site;
    private final Peers peers;
    private final Map<Integer, OwnRegion> own = new HashMap<>();
    private final Map<Id, Region> foreign = new HashMap<>();
    private final TreeMap<Long, Region> byAddress = new TreeMap<>();
    private int nextNumber;

    Regions(Site site, Peers peers) {
        this.site = site;
        this.peers = peers;
    }

    /** A new region of this rank, which the peers will map. */
    OwnRegion allocate(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("cannot allocate " + bytes + " bytes");
        }
        int number = nextNumber++;
        SharedFile file =
                SharedFile.create(site.directory(), site.fileName("region" + number), Math.max(bytes, SMALLEST));
        Region region = new Region(site.rank(), number, file);
        OwnRegion allocated = new OwnRegion(region, bytes, peers.present(), this);
        own.put(number, allocated);
        byAddress.put(region.memory().address(), region);
        peers.tellAll(new Announce(site.rank(), number, file.name()));
        return allocated;
    }

    /** Maps a peer's new region. One that its owner has taken back already is passed over: nobody will refer to it. */
    void announced(Announce announce) throws IOException {
        Path path = site.directory().resolve(announce.file());
        try {
            Region region = new Region(announce.owner(), announce.region(), SharedFile.open(path));
            foreign.put(new Id(announce.owner(), announce.region()), region);
            byAddress.put(region.memory().address(), region);
        } catch (NoSuchFileException takenBack) {
            return;
        }
        peers.tell(announce.owner(), new Mapped(site.rank(), announce.region()));
    }

    void mapped(Mapped mapped) {
        OwnRegion region = own.get(mapped.region());
        if (region != null) {
            region.mappedBy(mapped.by());
        }
    }

    void freed(Free free) {
        Region region = foreign.remove(new Id(free.owner(), free.region()));
        if (region != null) {
            byAddress.remove(region.memory().address());
            region.file().unmap();
        }
    }

    /** Tells the peers that a region of this rank is no more; its memory still is. */
    void free(OwnRegion unused) {
        Region region = unused.region();
        own.remove(region.id());
        byAddress.remove(region.memory().address());
        peers.tellAll(new Free(region.owner(), region.id()));
    }

    /** A peer will map nothing any more. */
    void left(int peer) {
        List.copyOf(own.values()).forEach(region -> region.mappedBy(peer));
    }

    /** The region that a segment lies in, or null if it is memory of this process alone. */
    @Nullable
    Region containing(MemorySegment segment) {
        if (!segment.isNative()) {
            return null;
        }
        Map.Entry<Long, Region> below = byAddress.floorEntry(segment.address());
        return below != null && below.getValue().contains(segment) ? below.getValue() : null;
    }

    /** The region of that number, or null if it was not announced yet. */
    @Nullable
    Region find(int owner, int number) {
        OwnRegion mine = owner == site.rank() ? own.get(number) : null;
        return mine != null ? mine.region() : foreign.get(new Id(owner, number));
    }

    /**
     * What keeps a payload in place.
     *
     * @throws IllegalStateException if it lies in memory of a peer that this rank does not borrow any more
     */
    Hold holdOf(Region region, MemorySegment payload) {
        Loan loan = region.loanOf(payload);
        if (loan != null) {
            return loan;
        }
        OwnRegion mine = region.owner() == site.rank() ? own.get(region.id()) : null;
        if (mine == null) {
            throw new IllegalStateException("the payload lies in memory of rank %d that was released or never borrowed"
                    .formatted(region.owner()));
        }
        return mine;
    }

    /** Ends all, whoever reads it. */
    void close() {
        own.values().forEach(OwnRegion::discard);
        foreign.values().forEach(region -> region.file().unmap());
        own.clear();
        foreign.clear();
        byAddress.clear();
    }
}
