package org.ringwood.runtime.cli;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.cuda.CudaProbe;
import org.ringwood.kernels.pool.CpuList;

/** Examines this machine. */
final class Doctor {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final long SMALL_SHARED_MEMORY = 1L << 30;
    private static final long BULK_RECEIVE_BUFFER = 4L << 20;
    private static final double GIB = 1L << 30;

    private Doctor() {}

    static List<Finding> examine() {
        return List.of(
                jdk(),
                vectors(),
                cuda(),
                MpiFindings.launcher(onPath("mpirun")),
                MpiFindings.library(),
                MpiFindings.javaBindings(),
                slurm(),
                sharedMemory(),
                ports(),
                receiveBuffer(),
                interfaces());
    }

    private static Finding jdk() {
        return Finding.good("JDK", Runtime.version() + " in " + System.getProperty("java.home"));
    }

    private static Finding vectors() {
        try (Device cpu = Devices.open(Devices.Kind.CPU, Runtime.getRuntime().availableProcessors())) {
            String cpus =
                    CpuList.allowed().map(list -> "; may run on cpus " + list).orElse("");
            return Finding.good("CPU", cpu.description() + cpus);
        } catch (UnsupportedOperationException | LinkageError missing) {
            return Finding.broken("CPU", missing.getMessage() + ": start with --add-modules jdk.incubator.vector");
        }
    }

    private static Finding cuda() {
        return CudaProbe.missing()
                .map(why -> Finding.missing("CUDA", why + ": only needed for device: cuda"))
                .orElseGet(() -> Finding.good("CUDA", "an NVIDIA driver with a device"));
    }

    private static Finding slurm() {
        return onPath("srun")
                .map(path -> Finding.good("Slurm", path.toString()))
                .orElseGet(() -> Finding.missing(
                        "Slurm", "no srun on the PATH: only needed to run on a cluster (Debian: slurm-client)"));
    }

    private static Optional<Path> onPath(String program) {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        for (String directory : path.split(File.pathSeparator, -1)) {
            Path candidate = Path.of(directory, program);
            if (!directory.isEmpty() && Files.isExecutable(candidate)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    private static Finding sharedMemory() {
        try {
            FileStore store = Files.getFileStore(SHARED_MEMORY);
            String size = String.format(
                    Locale.ROOT, "%.1f GiB, %.1f GiB free", store.getTotalSpace() / GIB, store.getUsableSpace() / GIB);
            if (!Files.isWritable(SHARED_MEMORY)) {
                return Finding.missing("/dev/shm", size + ", not writable: transport shm needs it; take aeron");
            }
            if (store.getUsableSpace() < SMALL_SHARED_MEMORY) {
                return Finding.missing(
                        "/dev/shm",
                        size
                                + ": the shards of all local workers must fit; enlarge it (docker: --shm-size) or take aeron");
            }
            return Finding.good("/dev/shm", size);
        } catch (IOException absent) {
            return Finding.missing(
                    "/dev/shm", "missing (" + absent.getMessage() + "): transport shm needs it; take aeron");
        }
    }

    private static Finding ports() {
        try (ServerSocket tcp = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                DatagramSocket udp = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            return Finding.good(
                    "ports",
                    "TCP and UDP on loopback (tried " + tcp.getLocalPort() + " and " + udp.getLocalPort() + ")");
        } catch (IOException refused) {
            return Finding.broken(
                    "ports",
                    "cannot listen on loopback (" + refused.getMessage() + "): workers need to; mend the sandbox");
        }
    }

    private static Finding receiveBuffer() {
        Path limit = Path.of("/proc/sys/net/core/rmem_max");
        // The kernel gives this number to one read alone, and Files.readString begins with a read of one byte.
        try (InputStream all = Files.newInputStream(limit)) {
            long bytes = Long.parseLong(new String(all.readAllBytes(), StandardCharsets.UTF_8).strip());
            return bytes >= BULK_RECEIVE_BUFFER
                    ? Finding.good("UDP buffers", bytes + " bytes")
                    : Finding.missing(
                            "UDP buffers",
                            bytes + " bytes: Aeron between hosts is faster with sysctl net.core.rmem_max="
                                    + BULK_RECEIVE_BUFFER + " (and wmem_max)");
        } catch (IOException unreadable) {
            return Finding.missing("UDP buffers", "cannot read " + limit + ": only matters for Aeron between hosts");
        }
    }

    private static Finding interfaces() {
        try {
            String names = NetworkInterface.networkInterfaces()
                    .filter(Doctor::isUp)
                    .map(Doctor::describe)
                    .collect(Collectors.joining(", "));
            return names.isEmpty()
                    ? Finding.broken("interfaces", "none is up: bring up the loopback interface (ip link set lo up)")
                    : Finding.good("interfaces", names);
        } catch (SocketException refused) {
            return Finding.broken("interfaces", "cannot be listed (" + refused.getMessage() + "): mend the sandbox");
        }
    }

    private static boolean isUp(NetworkInterface networkInterface) {
        try {
            return networkInterface.isUp();
        } catch (SocketException gone) {
            return false;
        }
    }

    private static String describe(NetworkInterface networkInterface) {
        return networkInterface.getName()
                + networkInterface.getInterfaceAddresses().stream()
                        .map(InterfaceAddress::getAddress)
                        .map(InetAddress::getHostAddress)
                        .collect(Collectors.joining(" ", " ", ""));
    }
}
