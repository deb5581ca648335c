package org.ringwood.collectives.shm;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HexFormat;
import org.ringwood.collectives.files.StaleFiles;

/**
 * Where a rank of a job keeps its files, and what it calls them.
 *
 * @param directory of shared memory
 * @param job nonce of the job
 * @param rank in the job
 */
record Site(Path directory, long job, int rank) {
    private static final String KIND = "shm";

    String fileName(String what) {
        return StaleFiles.nameOfOwn(KIND, "%s-%d-%s".formatted(jobName(), rank, what));
    }

    /** Removes what ended processes left. */
    void sweep() throws IOException {
        StaleFiles.sweep(directory);
    }

    /** Removes all files of this job, which has failed: those of a dead rank are nobody's, and the others will not be opened. */
    void removeJob() throws IOException {
        StaleFiles.removeAll(directory, KIND, jobName() + "-");
    }

    private String jobName() {
        return HexFormat.of().toHexDigits(job);
    }
}
