package org.ringwood.collectives.mpi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong with MPI on clusters, each said in a sentence with its remedy before MPI ends the process, or hangs. */
class MpiTrapsTest {
    private static final Map<String, String> SRUN = Map.of(
            "SLURM_PROCID", "2",
            "SLURM_NTASKS", "4",
            "SLURM_STEP_ID", "0",
            "SLURM_JOB_ID", "17",
            "SLURM_STEP_NODELIST", "n1");

    @AfterEach
    void clear() {
        System.clearProperty(MpiBinding.LIBRARY_PROPERTY);
        System.clearProperty(MpiBinding.PROPERTY);
    }

    @Test
    void plainSrunTellsMpiNothing() {
        assertThatThrownBy(() -> new MpiEnvironment(SRUN).requireLauncher(4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(
                        "MPI takes this process for rank 0 of 1",
                        "the job has 4 ranks (SLURM_NTASKS=4)",
                        "srun --mpi=pmix",
                        "mpirun");
        assertThatThrownBy(() -> new MpiEnvironment(SRUN).requireLauncher(1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("srun started this process", "srun --mpi=pmix", "mpirun");
    }

    @Test
    void pmixTellsMpiAll() {
        Map<String, String> pmix = new HashMap<>(SRUN);
        pmix.put("PMIX_RANK", "2");
        assertThatCode(() -> new MpiEnvironment(pmix).requireLauncher(4)).doesNotThrowAnyException();
        assertThatCode(() -> new MpiEnvironment(Map.of()).requireLauncher(1)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"SIGILL,SIGSEGV,SIGBUS,SIGFPE", "SEGV", " bus", "11"})
    void ucxMustLeaveTheJvmItsSignals(String signals) {
        assertThatThrownBy(() -> new MpiEnvironment(Map.of("UCX_ERROR_SIGNALS", signals)).requireHarmlessSignals())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("UCX_ERROR_SIGNALS=" + signals, "unset it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "SIGABRT"})
    void otherSignalsAreUcxs(String signals) {
        assertThatCode(() -> new MpiEnvironment(Map.of("UCX_ERROR_SIGNALS", signals)).requireHarmlessSignals())
                .doesNotThrowAnyException();
    }

    @Test
    void aMissingLibraryIsNamed() {
        System.setProperty(MpiBinding.LIBRARY_PROPERTY, "libnonesuch.so");
        assertThatThrownBy(MpiBinding.FOREIGN::load)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("libnonesuch.so", "No such file", "module load openmpi", "MPI_HOME");
        assertThat(MpiBinding.JAVA.find().works()).isFalse();
        assertThat(MpiBinding.AUTO.find().detail()).contains("libnonesuch.so");
    }

    @Test
    void anotherMpiIsRefused() {
        System.setProperty(MpiBinding.LIBRARY_PROPERTY, "libc.so.6");
        assertThatThrownBy(MpiBinding.FOREIGN::load)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("libc.so.6 is not Open MPI's library");
    }

    @Test
    void aJarOfAnotherVersionIsRefused() {
        assertThatThrownBy(() -> JavaBindings.requireFit("4.0.7", "Open MPI v4.1.4, package: Debian OpenMPI"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("version 4.0.7", "of 4.1.4", "ringwood setup mpi");
        assertThatCode(() -> JavaBindings.requireFit("4.1.4", "Open MPI v4.1.4, package"))
                .doesNotThrowAnyException();
        assertThatCode(() -> JavaBindings.requireFit(null, "Open MPI v4.1.4")).doesNotThrowAnyException();
    }

    @Test
    void tooFewThreadsAreRefused() {
        assertThatThrownBy(() -> MpiProcess.requireThreads(1, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("thread level 1 of 3", "MPI_THREAD_SERIALIZED at least");
        assertThatThrownBy(() -> MpiProcess.requireThreads(MpiLibrary.SERIALIZED, 1))
                .hasMessageContainingAll("several groups in one process", "MPI_THREAD_MULTIPLE");
        assertThatCode(() -> MpiProcess.requireThreads(MpiLibrary.SERIALIZED, 0))
                .doesNotThrowAnyException();
        assertThatCode(() -> MpiProcess.requireThreads(MpiLibrary.MULTIPLE, 3)).doesNotThrowAnyException();
    }

    @Test
    void anUnknownBindingIsNamed() {
        System.setProperty(MpiBinding.PROPERTY, "fortran");
        assertThatThrownBy(MpiBinding::fromProperties)
                .hasMessageContaining("fortran is none of auto, java and foreign");
    }

    @Test
    void whatIsThereIsFound() {
        OpenMpi.missing().ifPresent(reason -> assumeTrue(false, reason));
        assertThat(MpiBinding.FOREIGN.find().works()).isTrue();
        assertThat(MpiBinding.FOREIGN.find().detail()).startsWith("foreign functions, Open MPI v");
    }
}
