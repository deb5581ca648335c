package org.ringwood.runtime.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.ringwood.runtime.cluster.MeetingPoint;
import org.ringwood.runtime.files.InputException;

class SeatTest {
    private static final Map<String, String> SLURM_TASK = Map.of(
            "SLURM_JOB_ID", "17",
            "SLURM_STEP_ID", "0",
            "SLURM_STEP_NODELIST", "n[1-2]",
            "SLURM_PROCID", "3",
            "SLURM_NTASKS", "4",
            "SLURM_LOCALID", "1",
            "MASTER_PORT", "5000");

    @Test
    void aTaskOfSlurmIsARank() {
        Seat seat = Seat.of(SLURM_TASK).orElseThrow();
        assertThat(seat.rank()).isEqualTo(3);
        assertThat(seat.size()).isEqualTo(4);
        assertThat(seat.meeting()).isEqualTo(new MeetingPoint.Known("n1", 5000));
        assertThat(seat.directory()).isEmpty();
    }

    @Test
    void theOnlyTaskOfSlurmStartsWorkersOfItsOwn() {
        Map<String, String> alone = new HashMap<>(SLURM_TASK);
        alone.putAll(Map.of("SLURM_PROCID", "0", "SLURM_NTASKS", "1"));
        assertThat(Seat.of(alone)).isEmpty();
        assertThat(Seat.ofSoleTask(alone)).isPresent();
        assertThat(Seat.ofSoleTask(SLURM_TASK)).isEmpty();
        assertThat(Seat.ofSoleTask(Map.of())).isEmpty();
    }

    @Test
    void aShellAmongSeveralTasksIsRefused() {
        Map<String, String> shell = new HashMap<>(SLURM_TASK);
        shell.remove("SLURM_STEP_ID");
        assertThatThrownBy(() -> Seat.of(shell))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("start the ranks with srun");
    }
}
