package org.ringwood.collectives.control;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.ringwood.collectives.Timeouts;
import org.ringwood.collectives.control.ControlPlane.Member;

/** The control plane of a job whose ranks are threads of this JVM. */
public final class LoopbackJob {
    private LoopbackJob() {}

    /** Every rank's end, in rank order; each is to be closed by its own thread. */
    public static List<ControlPlane> join(int size, Timeouts timeouts) throws Exception {
        InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        Hub hub = Hub.listen(anyPort, size, new Token("loopback"), timeouts);
        List<Future<ControlPlane>> joining = new ArrayList<>();
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            for (int rank = 0; rank < size; rank++) {
                Member member = new Member(rank, size, "localhost", "loopback");
                joining.add(threads.submit(() -> ControlPlane.joinHub(member, hub.address(), timeouts)));
            }
        }
        List<ControlPlane> planes = new ArrayList<>();
        for (Future<ControlPlane> each : joining) {
            planes.add(each.get());
        }
        planes.getFirst().keepUntilAllHaveLeft(hub);
        return planes;
    }
}
