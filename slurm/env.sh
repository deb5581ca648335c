# shellcheck shell=bash
# What differs from site to site. The batch scripts in this folder source it on the first node of a job; what is set already, such as
# by sbatch --export or in the shell that submits, wins.

# The modules that a JDK 25 and, for transport: mpi, Open MPI come from; or the folder of the JDK.
#module load openjdk/25 openmpi/4.1
#export RINGWOOD_JAVA_HOME=/opt/jdk-25

# Who starts the ranks. none: srun alone, which is all that Aeron and shared memory need; pmix: srun --mpi=pmix; mpirun: Open MPI's.
# auto: none, unless the job asks for transport: mpi.
: "${RINGWOOD_LAUNCH:=auto}"

# The network interface that carries tensors, by the name it has on every node, such as ib0. Empty: what the job file says.
: "${RINGWOOD_INTERFACE:=}"

# Where every job gets a folder of its own. All nodes must see it.
: "${RINGWOOD_RUNS:=${SLURM_SUBMIT_DIR:-$PWD}/ringwood-runs}"

# How often a job may run again by itself, after a node was lost, or a sweep's time was over. Empty: as often as the script thinks right.
: "${RINGWOOD_RESTARTS:=}"

# What Open MPI and UCX shall know before they are loaded, such as OMPI_MCA_pml=ucx. UCX must not catch the signals of the JVM.
export UCX_ERROR_SIGNALS=${UCX_ERROR_SIGNALS:-}
