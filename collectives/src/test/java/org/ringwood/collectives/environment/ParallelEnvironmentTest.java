package org.ringwood.collectives.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class ParallelEnvironmentTest {
    private static final Map<String, String> TORCHRUN = Map.of(
            "RANK", "3",
            "WORLD_SIZE", "8",
            "LOCAL_RANK", "1",
            "MASTER_ADDR", "n1",
            "MASTER_PORT", "29500");
    private static final Map<String, String> SLURM = Map.of(
            "SLURM_JOB_ID", "4711",
            "SLURM_STEP_ID", "0",
            "SLURM_PROCID", "2",
            "SLURM_NTASKS", "4",
            "SLURM_LOCALID", "0",
            "SLURM_STEP_NODELIST", "n[03-04,7]",
            "SLURMD_NODENAME", "n04");

    /** What Slurm 22.05 sets in the shell of {@code sbatch --nodes=2 --ntasks-per-node=2}. */
    private static final Map<String, String> BATCH_SHELL = Map.of(
            "SLURM_JOB_ID", "4711",
            "SLURM_PROCID", "0",
            "SLURM_NTASKS", "4",
            "SLURM_LOCALID", "0",
            "SLURM_JOB_NUM_NODES", "2",
            "SLURM_JOB_NODELIST", "n[03-04]",
            "SLURMD_NODENAME", "n03");

    private static final Map<String, String> OPEN_MPI = Map.of(
            "OMPI_COMM_WORLD_RANK", "1",
            "OMPI_COMM_WORLD_SIZE", "2",
            "OMPI_COMM_WORLD_LOCAL_RANK", "1",
            "OMPI_COMM_WORLD_LOCAL_SIZE", "2",
            "PMIX_NAMESPACE", "1234.1");

    private static ParallelEnvironment with(Map<String, String> variables, String... changes) {
        Map<String, String> changed = new HashMap<>(variables);
        for (int i = 0; i < changes.length; i += 2) {
            changed.put(changes[i], changes[i + 1]);
        }
        return ParallelEnvironment.of(changed);
    }

    private static void assertRefused(String sentence, Map<String, String> variables, String... changes) {
        assertThatThrownBy(() -> with(variables, changes))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(sentence);
    }

    @Test
    void readsTorchrun() {
        ParallelEnvironment environment = with(TORCHRUN, "RINGWOOD_TOKEN", "secret");
        assertThat(environment.launcher()).isEqualTo(Launcher.TORCHRUN);
        assertThat(environment.rank()).isEqualTo(3);
        assertThat(environment.size()).isEqualTo(8);
        assertThat(environment.localRank()).isEqualTo(OptionalInt.of(1));
        assertThat(environment.masterHost()).isEqualTo("n1");
        assertThat(environment.masterPort()).isEqualTo(29500);
        assertThat(environment.token()).isEqualTo("secret");
    }

    @Test
    void leavesTorchrunsOwnPortToIt() {
        assertThat(with(TORCHRUN, "TORCHELASTIC_USE_AGENT_STORE", "True").masterPort())
                .isEqualTo(29501);
        assertThat(with(TORCHRUN, "TORCHELASTIC_USE_AGENT_STORE", "False").masterPort())
                .isEqualTo(29500);
    }

    @Test
    void readsSlurm() {
        ParallelEnvironment environment = with(SLURM);
        assertThat(environment.launcher()).isEqualTo(Launcher.SLURM);
        assertThat(environment.rank()).isEqualTo(2);
        assertThat(environment.size()).isEqualTo(4);
        assertThat(environment.localRank()).isEqualTo(OptionalInt.of(0));
        assertThat(environment.masterHost()).isEqualTo("n03");
        assertThat(environment.masterPort()).isBetween(16_384, 32_767);
        assertThat(environment.node()).contains("n04");
        assertThat(with(SLURM, "MASTER_ADDR", "n7", "MASTER_PORT", "5000").masterPort())
                .isEqualTo(5000);
    }

    @Test
    void theShellOfASlurmJobIsNoRank() {
        String remedy =
                "the shell of Slurm job 4711 with 2 nodes and 4 tasks, and no task itself; start the ranks with srun";
        assertRefused(remedy, BATCH_SHELL);
        // An interactive shell is a step of Slurm's own.
        assertRefused(remedy, BATCH_SHELL, "SLURM_STEP_ID", "4294967290", "SLURM_STEP_NODELIST", "n03");
        assertRefused("2 nodes and 2 tasks", BATCH_SHELL, "SLURM_NTASKS", "", "SLURM_PROCID", "");
    }

    @Test
    void theShellOfASlurmJobWithOneTaskIsLikeAnyOther() {
        Map<String, String> alone = new HashMap<>(BATCH_SHELL);
        alone.putAll(Map.of("SLURM_NTASKS", "1", "SLURM_JOB_NUM_NODES", "1"));
        assertThat(ParallelEnvironment.find(alone)).isEmpty();
        alone.remove("SLURM_NTASKS");
        assertThat(ParallelEnvironment.find(alone)).isEmpty();
    }

    @Test
    void otherLaunchersMayStartRanksFromTheShellOfASlurmJob() {
        Map<String, String> exec = new HashMap<>(BATCH_SHELL);
        exec.putAll(TORCHRUN);
        assertThat(with(exec).launcher()).isEqualTo(Launcher.TORCHRUN);
        assertThat(with(exec, "RANK", "0", "WORLD_SIZE", "1").size()).isEqualTo(1);
    }

    @Test
    void runsOfTorchrunDifferByTheirAddressesIfTheyHaveNoName() {
        ParallelEnvironment one = with(TORCHRUN, "TORCHELASTIC_RUN_ID", "none");
        ParallelEnvironment other = with(TORCHRUN, "TORCHELASTIC_RUN_ID", "none", "MASTER_PORT", "29600");
        assertThat(other.token()).isNotEqualTo(one.token());
    }

    @Test
    void ranksOfAJobAgreeAndJobsDiffer() {
        ParallelEnvironment two = with(SLURM);
        ParallelEnvironment three = with(SLURM, "SLURM_PROCID", "3", "SLURM_LOCALID", "1", "SLURMD_NODENAME", "n7");
        assertThat(three.masterPort()).isEqualTo(two.masterPort());
        assertThat(three.token()).isEqualTo(two.token());
        ParallelEnvironment nextStep = with(SLURM, "SLURM_STEP_ID", "1");
        assertThat(nextStep.masterPort()).isNotEqualTo(two.masterPort());
        assertThat(nextStep.token()).isNotEqualTo(two.token());
    }

    @Test
    void readsOpenMpi() {
        ParallelEnvironment environment = with(OPEN_MPI);
        assertThat(environment.launcher()).isEqualTo(Launcher.OPEN_MPI);
        assertThat(environment.rank()).isEqualTo(1);
        assertThat(environment.size()).isEqualTo(2);
        assertThat(environment.masterHost()).isEqualTo("127.0.0.1");
        assertThat(with(OPEN_MPI, "PMIX_NAMESPACE", "1234.2").masterPort()).isNotEqualTo(environment.masterPort());
    }

    @Test
    void openMpiOverSeveralNodesNeedsTheMaster() {
        assertRefused("mpirun -x MASTER_ADDR", OPEN_MPI, "OMPI_COMM_WORLD_SIZE", "4");
        ParallelEnvironment named =
                with(OPEN_MPI, "OMPI_COMM_WORLD_SIZE", "4", "MASTER_ADDR", "n1", "MASTER_PORT", "5000");
        assertThat(named.masterHost()).isEqualTo("n1");
    }

    @Test
    void prefersTheInnermostLauncher() {
        Map<String, String> torchrunInSlurm = new HashMap<>(SLURM);
        torchrunInSlurm.putAll(TORCHRUN);
        assertThat(with(torchrunInSlurm).launcher()).isEqualTo(Launcher.TORCHRUN);
        Map<String, String> mpirunInSlurm = new HashMap<>(SLURM);
        mpirunInSlurm.putAll(OPEN_MPI);
        assertThat(with(mpirunInSlurm).launcher()).isEqualTo(Launcher.OPEN_MPI);
    }

    @Test
    void nobodyBelievesToBeAloneAmongMany() {
        Map<String, String> alone = new HashMap<>(TORCHRUN);
        alone.putAll(SLURM);
        assertRefused(
                "SLURM_NTASKS=4 but WORLD_SIZE=1: every process would believe that it is alone",
                alone,
                "WORLD_SIZE",
                "1",
                "RANK",
                "0");
        Map<String, String> singleton = new HashMap<>(SLURM);
        singleton.putAll(OPEN_MPI);
        assertRefused(
                "SLURM_NTASKS=4 but OMPI_COMM_WORLD_SIZE=1",
                singleton,
                "OMPI_COMM_WORLD_SIZE",
                "1",
                "OMPI_COMM_WORLD_RANK",
                "0");
    }

    @Test
    void launchersThatCountDifferentlyAreRefused() {
        Map<String, String> both = new HashMap<>(OPEN_MPI);
        both.putAll(TORCHRUN);
        assertRefused("OMPI_COMM_WORLD_SIZE=2 but WORLD_SIZE=8", both);
    }

    @Test
    void missingVariablesAreNamedWithTheRemedy() {
        assertRefused("ringwood exec -n N, torchrun, srun or mpirun", Map.of());
        assertRefused("WORLD_SIZE is not set", Map.of("RANK", "0"));
        assertRefused(
                "RANK is not set; start with torchrun",
                Map.of("WORLD_SIZE", "2", "MASTER_ADDR", "a", "MASTER_PORT", "1"));
        assertRefused("MASTER_ADDR is not set", Map.of("RANK", "0", "WORLD_SIZE", "2"));
        assertRefused("MASTER_PORT is not set", TORCHRUN, "MASTER_PORT", " ");
        assertRefused("SLURM_STEP_NODELIST is not set; start the ranks with srun", SLURM, "SLURM_STEP_NODELIST", "");
        assertRefused("SLURM_PROCID is not set; start the ranks with srun", SLURM, "SLURM_PROCID", "");
    }

    @Test
    void impossibleValuesAreNamed() {
        assertRefused("RANK=8 but WORLD_SIZE=8: ranks count from 0", TORCHRUN, "RANK", "8");
        assertRefused("RANK=-1 is not a number", TORCHRUN, "RANK", "-1");
        assertRefused("WORLD_SIZE=0", TORCHRUN, "WORLD_SIZE", "0");
        assertRefused("WORLD_SIZE=many is not a number", TORCHRUN, "WORLD_SIZE", "many");
        assertRefused("70000 is not a port", TORCHRUN, "MASTER_PORT", "70000");
    }

    @Test
    void tellsWhenNoLauncherIsThere() {
        assertThat(ParallelEnvironment.find(Map.of("PATH", "/bin", "MASTER_ADDR", "n1")))
                .isEmpty();
    }
}
