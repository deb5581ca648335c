package org.ringwood.collectives.shm;

import java.util.ArrayList;
import java.util.List;

/**
 * Regions of this rank for payloads that are borrowed from a sender without shared memory: from here they can be sent on without
 * a copy. A few are kept for the next payloads, which tend to be as large.
 */
final class Landings {
    private static final int MAX_IDLE = 4;

    private final Regions regions;
    private final List<OwnRegion> idle = new ArrayList<>();

    Landings(Regions regions) {
        this.regions = regions;
    }

    /** A region of at least that size, and less than twice as large. */
    OwnRegion take(long bytes) {
        for (OwnRegion region : idle) {
            long size = region.segment().byteSize();
            if (size >= bytes && size / 2 < bytes) {
                idle.remove(region);
                return region;
            }
        }
        return regions.allocate(bytes);
    }

    void giveBack(OwnRegion region) {
        idle.add(region);
        if (idle.size() > MAX_IDLE) {
            idle.removeFirst().close();
        }
    }
}
