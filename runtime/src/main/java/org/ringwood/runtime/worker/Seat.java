package org.ringwood.runtime.worker;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.ringwood.collectives.environment.Launcher;
import org.ringwood.collectives.environment.ParallelEnvironment;
import org.ringwood.runtime.cluster.MeetingPoint;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.process.JobDirectory;

/**
 * A rank's place in its job, as whoever started it says.
 *
 * @param rank of this process
 * @param size number of ranks
 * @param meeting how rank 0 is found
 * @param token the job's secret
 * @param directory of the job, if our own launcher started it; its standard input is then a lifeline
 */
public record Seat(int rank, int size, MeetingPoint meeting, String token, Optional<JobDirectory> directory) {
    /** The job's directory, for workers of our own launcher. */
    public static final String DIRECTORY = "RINGWOOD_JOB_DIRECTORY";

    private static final String RANK = "RANK";
    private static final String SIZE = "WORLD_SIZE";

    /** The variables for a worker of our own launcher. */
    public static Map<String, String> variables(JobDirectory directory, int rank, int size) {
        return Map.of(
                DIRECTORY, directory.path().toString(), RANK, Integer.toString(rank), SIZE, Integer.toString(size));
    }

    /**
     * What Slurm, mpirun, torchrun or {@code ringwood exec} say in their variables, or our own launcher; empty if nobody says anything,
     * or if Slurm started this one task alone, which is then free to start workers of its own.
     *
     * @throws InputException if variables are missing or contradict each other
     */
    public static Optional<Seat> of(Map<String, String> environment) {
        String directory = environment.get(DIRECTORY);
        if (directory != null) {
            JobDirectory job = new JobDirectory(Path.of(directory));
            return Optional.of(new Seat(
                    Integer.parseInt(environment.getOrDefault(RANK, "")),
                    Integer.parseInt(environment.getOrDefault(SIZE, "")),
                    new MeetingPoint.InDirectory(job.path()),
                    job.token(),
                    Optional.of(job)));
        }
        return place(environment).filter(place -> !isSoleTask(place)).map(Seat::of);
    }

    /**
     * That of a task which Slurm has started alone, should it be the only rank itself, as it must where MPI is to carry what it sends. A
     * job whose number of workers is left to the launcher has one then. Empty for every other process.
     */
    public static Optional<Seat> ofSoleTask(Map<String, String> environment) {
        return place(environment).filter(Seat::isSoleTask).map(Seat::of);
    }

    private static boolean isSoleTask(ParallelEnvironment place) {
        return place.launcher() == Launcher.SLURM && place.size() == 1;
    }

    private static Optional<ParallelEnvironment> place(Map<String, String> environment) {
        try {
            return ParallelEnvironment.find(environment);
        } catch (IllegalArgumentException unclear) {
            throw new InputException(
                    "the launcher's variables do not tell this process's rank: " + unclear.getMessage(), unclear);
        }
    }

    private static Seat of(ParallelEnvironment environment) {
        return new Seat(
                environment.rank(),
                environment.size(),
                new MeetingPoint.Known(environment.masterHost(), environment.masterPort()),
                environment.token(),
                Optional.empty());
    }
}
