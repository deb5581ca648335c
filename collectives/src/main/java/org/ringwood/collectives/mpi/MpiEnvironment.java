package org.ringwood.collectives.mpi;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.ringwood.collectives.environment.ParallelEnvironment;

/**
 * What the environment of this process means to MPI. The traps are examined before MPI is started, since it would end the
 * process, or believe that it is alone.
 *
 * @param variables of the process
 */
record MpiEnvironment(Map<String, String> variables) {
    private static final String UCX_SIGNALS = "UCX_ERROR_SIGNALS";
    private static final String YIELD = "OMPI_MCA_mpi_yield_when_idle";
    private static final Path MAPPINGS = Path.of("/proc/self/maps");

    /** Signals that the JVM needs for itself. */
    private static final List<String> SIGNALS_OF_JVM = List.of("SEGV", "BUS", "FPE", "ILL", "11", "7", "8", "4");

    /** By each of these a process manager tells a process its rank in MPI's world. */
    private static final List<String> PROCESS_MANAGERS = List.of("PMIX_RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK");

    static MpiEnvironment current() {
        return new MpiEnvironment(System.getenv());
    }

    /** @throws IllegalArgumentException if UCX was told to catch signals by which the JVM works */
    void requireHarmlessSignals() {
        String signals = variables.get(UCX_SIGNALS);
        if (signals != null
                && Stream.of(signals.split(",", -1))
                        .map(signal -> signal.strip().toUpperCase(Locale.ROOT))
                        .map(signal -> signal.startsWith("SIG") ? signal.substring(3) : signal)
                        .anyMatch(SIGNALS_OF_JVM::contains)) {
            throw new IllegalArgumentException(
                    "%s=%s lets UCX, which Open MPI uses, catch signals by which the JVM works; unset it, or set it to nothing"
                            .formatted(UCX_SIGNALS, signals));
        }
    }

    /** @throws IllegalArgumentException if MPI was started by others, and UCX catches the JVM's signals by default */
    void requireSignalsLeftAlone() {
        if (!variables.containsKey(UCX_SIGNALS) && isUcxLoaded()) {
            throw new IllegalArgumentException(
                    "UCX, which Open MPI uses, catches signals by which the JVM works; set %s to nothing before the JVM starts (mpirun -x %s=)"
                            .formatted(UCX_SIGNALS, UCX_SIGNALS));
        }
    }

    private static boolean isUcxLoaded() {
        try (Stream<String> mappings = Files.lines(MAPPINGS)) {
            return mappings.anyMatch(line -> line.contains("/libucs."));
        } catch (IOException unreadable) {
            throw new UncheckedIOException("cannot see which libraries this process has loaded", unreadable);
        }
    }

    /** Whether mpirun, or a launcher that speaks PMIx, told this process its rank in MPI's world. Open MPI understands both. */
    boolean isLaunched() {
        return variables.containsKey("PMIX_RANK") || variables.containsKey("OMPI_COMM_WORLD_RANK");
    }

    /**
     * Refuses what nobody told its rank in MPI's world: a process that has peers, and a task of srun also if it is alone, since Open MPI
     * ends that.
     *
     * @throws IllegalArgumentException if it is such a process
     */
    void requireLauncher(int jobSize) {
        if (PROCESS_MANAGERS.stream().anyMatch(variables::containsKey)) {
            return;
        }
        if (jobSize > 1) {
            throw tooFew(0, 1, jobSize);
        }
        if (variables.containsKey("SLURM_STEP_ID")) {
            throw new IllegalArgumentException(
                    "srun started this process and did not tell MPI, which ends it then; start it by srun --mpi=pmix (srun --mpi=list shows what Slurm has) or by mpirun");
        }
    }

    /** MPI knows fewer processes than the job has ranks; mostly each believes that it is alone. */
    IllegalArgumentException tooFew(int rank, int size, int jobSize) {
        String launcher = ParallelEnvironment.find(variables)
                .filter(place -> place.size() == jobSize)
                .map(place -> " (%s=%d)".formatted(place.launcher().sizeVariable(), place.size()))
                .orElse("");
        return new IllegalArgumentException(
                "MPI takes this process for rank %d of %d, but the job has %d ranks%s: who started them did not tell MPI; start them by srun --mpi=pmix (srun --mpi=list shows what Slurm has) or by mpirun"
                        .formatted(rank, size, jobSize, launcher));
    }

    /**
     * Settings that Open MPI and UCX read when they are loaded, unless the user has made them: UCX leaves the JVM its signals, and
     * whoever finds nothing to do lets others run, since ranks may outnumber the cores.
     */
    void prepare() {
        SharedLibrary.setVariable(UCX_SIGNALS, "");
        SharedLibrary.setVariable(YIELD, "1");
    }
}
