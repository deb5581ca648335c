package org.ringwood.collectives.environment;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Who starts the processes of a job and sets their variables. */
public enum Launcher {
    /** torchrun, {@code ringwood exec}, or a user who sets the variables by hand. */
    TORCHRUN("RANK", "WORLD_SIZE", "LOCAL_RANK") {
        @Override
        ParallelEnvironment read(Variables variables) {
            String host = variables.require(MASTER_ADDR, "it names the host of rank 0, and every rank needs it");
            int port = variables.requireNumber(MASTER_PORT, "rank 0 listens on it, and every rank needs it");
            // torchrun's own store then listens on the port itself.
            boolean taken = variables
                    .get("TORCHELASTIC_USE_AGENT_STORE")
                    .filter("True"::equals)
                    .isPresent();
            // torchrun calls every run "none" that is not given a name.
            String job = variables.get("TORCHELASTIC_RUN_ID").orElse("") + host + ":" + port;
            return environment(variables, host, taken ? port + 1 : port, job);
        }
    },

    /** Open MPI's mpirun. */
    OPEN_MPI("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK") {
        private static final String REMEDY =
                "with several nodes rank 0 must be named: mpirun -x MASTER_ADDR=HOST -x MASTER_PORT=PORT";

        @Override
        ParallelEnvironment read(Variables variables) {
            Optional<String> job =
                    JOB_IDS.stream().flatMap(id -> variables.get(id).stream()).findFirst();
            boolean oneNode = variables.number("OMPI_COMM_WORLD_LOCAL_SIZE").equals(variables.number(sizeVariable()));
            if (!oneNode || job.isEmpty()) {
                String host = variables.require(MASTER_ADDR, REMEDY);
                int port = variables.requireNumber(MASTER_PORT, REMEDY);
                return environment(variables, host, port, job.orElse(host + ":" + port));
            }
            String host = variables.get(MASTER_ADDR).orElse("127.0.0.1");
            return environment(variables, host, variables.number(MASTER_PORT).orElse(portOf(job.get())), job.get());
        }
    },

    /**
     * Slurm's srun. The shells of sbatch and salloc look like task 0 of all that was allotted, but are no rank: only a task of a step
     * is.
     */
    SLURM("SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID") {
        private static final String REMEDY = "start the ranks with srun, which sets it for every one of them";

        // Slurm's own steps, such as the batch script, have ids just below 2³².
        private static final String ORDINARY_STEP = "\\d{1,9}";

        @Override
        boolean hasStarted(Variables variables) {
            return variables
                    .get("SLURM_STEP_ID")
                    .filter(id -> id.matches(ORDINARY_STEP))
                    .isPresent();
        }

        @Override
        void requireNotBeside(Variables variables) {
            int tasks = variables.number(sizeVariable()).orElse(1);
            int nodes = variables.number("SLURM_JOB_NUM_NODES").orElse(1);
            if (variables.has("SLURM_JOB_ID") && Math.max(tasks, nodes) > 1) {
                throw new IllegalArgumentException(
                        "this is the shell of Slurm job %s with %d nodes and %d tasks, and no task itself; start the ranks with srun"
                                .formatted(variables.require("SLURM_JOB_ID", REMEDY), nodes, Math.max(tasks, nodes)));
            }
        }

        @Override
        ParallelEnvironment read(Variables variables) {
            String nodes = variables.require("SLURM_STEP_NODELIST", REMEDY);
            String job = variables.require("SLURM_JOB_ID", REMEDY) + "." + variables.require("SLURM_STEP_ID", REMEDY);
            String host = variables
                    .get(MASTER_ADDR)
                    .orElseGet(() -> HostList.expand(nodes).getFirst());
            return environment(variables, host, variables.number(MASTER_PORT).orElse(portOf(job)), job);
        }
    };

    private static final String MASTER_ADDR = "MASTER_ADDR";
    private static final String MASTER_PORT = "MASTER_PORT";
    private static final String TOKEN = "RINGWOOD_TOKEN";

    /** What is the same for all ranks of one mpirun, and different for another. */
    private static final List<String> JOB_IDS =
            List.of("PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid", "OMPI_MCA_orte_ess_jobid");

    /** Ports that neither services nor, by default, the kernel's ephemeral ports use. */
    private static final int FIRST_PORT = 16_384;

    private static final int PORTS = 16_384;

    private final String rankVariable;
    private final String sizeVariable;
    private final String localRankVariable;

    Launcher(String rankVariable, String sizeVariable, String localRankVariable) {
        this.rankVariable = rankVariable;
        this.sizeVariable = sizeVariable;
        this.localRankVariable = localRankVariable;
    }

    /** The variable that says the rank. */
    public String rankVariable() {
        return rankVariable;
    }

    /** The variable that says the number of ranks. */
    public String sizeVariable() {
        return sizeVariable;
    }

    abstract ParallelEnvironment read(Variables variables);

    /** Whether it has started this process as one of its ranks. */
    boolean hasStarted(Variables variables) {
        return variables.has(rankVariable) || variables.has(sizeVariable);
    }

    /** Refuses a process that is within a job of several ranks, but was meant to start them and not to be one. */
    void requireNotBeside(Variables variables) {
        // Only Slurm gives its users a shell within a job.
    }

    /**
     * The innermost launcher that has started this process: torchrun and mpirun run inside of Slurm's jobs.
     *
     * @throws IllegalArgumentException if there is none, but a job whose ranks are yet to be started
     */
    static Optional<Launcher> of(Variables variables) {
        Optional<Launcher> innermost = Stream.of(values())
                .filter(launcher -> launcher.hasStarted(variables))
                .findFirst();
        if (innermost.isEmpty()) {
            Stream.of(values()).forEach(launcher -> launcher.requireNotBeside(variables));
        }
        return innermost;
    }

    /**
     * Refuses what would make every rank believe that it is alone, or that two launchers count differently. Slurm's count may
     * differ from that of a launcher inside of its job, since it then counts nodes, or all that was allotted.
     */
    void requireAgreement(Variables variables) {
        int size = size(variables);
        for (Launcher other : values()) {
            int count = variables.number(other.sizeVariable).orElse(size);
            if (count == size || !other.hasStarted(variables) || (other == SLURM && size > 1) || (this == SLURM)) {
                continue;
            }
            String danger = size == 1 ? ": every process would believe that it is alone" : "";
            throw new IllegalArgumentException(
                    "%s=%d but %s=%d%s; start the ranks with one launcher, or unset the variables of the other"
                            .formatted(other.sizeVariable, count, sizeVariable, size, danger));
        }
    }

    private int size(Variables variables) {
        int size = variables.requireNumber(sizeVariable, "it is the number of ranks; " + startHint());
        if (size == 0) {
            throw new IllegalArgumentException(sizeVariable + "=0; " + startHint());
        }
        return size;
    }

    private String startHint() {
        return switch (this) {
            case TORCHRUN -> "start with torchrun or ringwood exec, or set RANK and WORLD_SIZE for every process";
            case OPEN_MPI -> "start the ranks with mpirun";
            case SLURM -> "start the ranks with srun";
        };
    }

    ParallelEnvironment environment(Variables variables, String masterHost, int masterPort, String job) {
        return new ParallelEnvironment(
                this,
                variables.requireNumber(rankVariable, startHint()),
                size(variables),
                variables.number(localRankVariable),
                masterHost,
                masterPort,
                variables.get(TOKEN).orElse("no secret: " + job),
                variables.get("SLURMD_NODENAME"));
    }

    /** One that all ranks of a job compute alike. */
    private static int portOf(String job) {
        return FIRST_PORT + Math.floorMod(job.hashCode(), PORTS);
    }
}
