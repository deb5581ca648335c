package org.ringwood.runtime.survey;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.ringwood.kernels.pool.CpuList;
import org.ringwood.runtime.outcome.Build;
import org.ringwood.runtime.process.Hosts;

/**
 * What one rank sees of its host.
 *
 * @param host its name
 * @param commit of the Ringwood that runs there
 * @param jdk version of the JDK
 * @param vectors of the CPU, such as {@code 512-bit vectors}
 * @param bound cores that this rank may use
 * @param cores of the host that are online
 * @param memory bytes that the host, or the container, has
 * @param sharedMemory free bytes of {@code /dev/shm}
 * @param address at which the rank listens
 * @param networkInterface that has the address
 * @param missing what does not work there, by the subjects of {@code ringwood doctor}
 */
public record HostFacts(
        String host,
        String commit,
        String jdk,
        String vectors,
        int bound,
        int cores,
        long memory,
        long sharedMemory,
        String address,
        String networkInterface,
        List<String> missing) {
    private static final Path ONLINE = Path.of("/sys/devices/system/cpu/online");
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");

    /** Those of this process. */
    static HostFacts own(InetAddress address, String vectors, List<String> missing) {
        return new HostFacts(
                Hosts.name(),
                Build.commit(),
                Runtime.version().toString(),
                vectors,
                Runtime.getRuntime().availableProcessors(),
                online(),
                ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                        .getTotalMemorySize(),
                freeSharedMemory(),
                address.getHostAddress(),
                interfaceOf(address),
                List.copyOf(missing));
    }

    private static int online() {
        try {
            return CpuList.parse(
                            Files.readString(ONLINE, StandardCharsets.US_ASCII).strip())
                    .size();
        } catch (IOException elsewhere) {
            return Runtime.getRuntime().availableProcessors();
        }
    }

    private static long freeSharedMemory() {
        try {
            return Files.getFileStore(SHARED_MEMORY).getUsableSpace();
        } catch (IOException none) {
            return 0;
        }
    }

    private static String interfaceOf(InetAddress address) {
        try {
            NetworkInterface found = NetworkInterface.getByInetAddress(address);
            return found == null ? "?" : found.getName();
        } catch (SocketException refused) {
            return "?";
        }
    }

    boolean has(String subject) {
        return missing.stream()
                .noneMatch(other -> other.toLowerCase(Locale.ROOT).equals(subject.toLowerCase(Locale.ROOT)));
    }
}
