package org.ringwood.collectives.control;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.ringwood.collectives.Parallel;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.control.ControlPlane.Member;

/** The control plane of a job whose ranks are threads of this JVM. */
public final class LoopbackJob {
    private LoopbackJob() {}

    /** Every rank's end, in rank order; each is to be closed by its own thread. */
    public static List<ControlPlane> join(int size, Timeouts timeouts) throws Exception {
        InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        Hub hub = Hub.listen(anyPort, size, new Token("loopback"), timeouts);
        List<ControlPlane> planes = Parallel.forEachRank(
                size,
                rank -> ControlPlane.joinHub(new Member(rank, size, "localhost", "loopback"), hub.address(), timeouts));
        planes.getFirst().keepUntilAllHaveLeft(hub);
        return planes;
    }
}
