package org.ringwood.collectives.environment;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A process's place in a job, as its launcher tells it.
 *
 * @param launcher whose variables say so
 * @param rank of this process
 * @param size number of ranks
 * @param localRank among the ranks of this node, if the launcher says
 * @param masterHost name or address of rank 0's host
 * @param masterPort port that rank 0 listens on
 * @param token secret of the job: {@code RINGWOOD_TOKEN}; else made of the launcher's job id, which keeps jobs apart but is no secret
 * @param node name of this node, if the launcher gives one
 */
public record ParallelEnvironment(
        Launcher launcher,
        int rank,
        int size,
        OptionalInt localRank,
        String masterHost,
        int masterPort,
        String token,
        Optional<String> node) {
    private static final int MAX_PORT = 65_535;

    /** @throws IllegalArgumentException if rank or port are out of range */
    public ParallelEnvironment {
        if (rank >= size) {
            throw new IllegalArgumentException(
                    "%s=%d but %s=%d: ranks count from 0; see that both come from one launcher"
                            .formatted(launcher.rankVariable(), rank, launcher.sizeVariable(), size));
        }
        if (masterPort < 1 || masterPort > MAX_PORT) {
            throw new IllegalArgumentException(
                    "%d is not a port for rank 0; set MASTER_PORT between 1 and %d".formatted(masterPort, MAX_PORT));
        }
    }

    /**
     * That of this process.
     *
     * @throws IllegalArgumentException if it was not started by a known launcher, or variables are missing or contradict each other
     */
    public static ParallelEnvironment current() {
        return of(System.getenv());
    }

    /** As {@link #current}, from these variables. */
    public static ParallelEnvironment of(Map<String, String> variables) {
        return find(variables)
                .orElseThrow(
                        () -> new IllegalArgumentException(
                                "no launcher told this process its rank; start it with ringwood exec -n N, torchrun, srun or mpirun, or set RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT"));
    }

    /**
     * As {@link #of}, or empty if no launcher's variables are there.
     *
     * @throws IllegalArgumentException if variables are missing or contradict each other
     */
    public static Optional<ParallelEnvironment> find(Map<String, String> environment) {
        Variables variables = new Variables(environment);
        Optional<Launcher> launcher = Launcher.of(variables);
        launcher.ifPresent(chosen -> chosen.requireAgreement(variables));
        return launcher.map(chosen -> chosen.read(variables));
    }
}
