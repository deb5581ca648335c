package org.ringwood.collectives;

/** Messages between devices of a node, as long as it is open; see {@link ProcessGroup#link}. */
public interface DeviceLink extends AutoCloseable {
    /**
     * Memory of this rank's device that messages may be sent from. What they are received into may be any memory of the device. Once it is closed it is freed when the ranks that
     * have it open have closed it, which each does with the next message that it gets from this one, or at the link's end.
     *
     * @throws MemoryExhaustedException if there is not so much
     */
    GroupMemory allocate(long bytes);

    /**
     * Ends it, once all ranks of the node do, and frees the memory: for all of them, unless the group has failed. If it has, or one does not come within {@code
     * timeouts.peer}, what others may still read stays until the device is closed.
     */
    @Override
    void close();
}
