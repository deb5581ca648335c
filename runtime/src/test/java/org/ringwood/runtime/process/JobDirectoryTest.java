package org.ringwood.runtime.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.collectives.Failure;
import org.ringwood.runtime.outcome.JobFailure;

class JobDirectoryTest {
    @Test
    void onlyItsOwnerCanReadItAndItsToken() throws Exception {
        JobDirectory directory = JobDirectory.create();
        try {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.path())))
                    .isEqualTo("rwx------");
            assertThat(PosixFilePermissions.toString(
                            Files.getPosixFilePermissions(directory.path().resolve("token"))))
                    .isEqualTo("rw-------");
            assertThat(directory.token()).hasSize(64);
        } finally {
            directory.delete();
        }
        assertThat(directory.path()).doesNotExist();
        directory.delete();
    }

    @Test
    void twoJobsShareNothing() throws Exception {
        JobDirectory one = JobDirectory.create();
        JobDirectory other = JobDirectory.create();
        try {
            assertThat(one.path()).isNotEqualTo(other.path());
            assertThat(one.token()).isNotEqualTo(other.token());
        } finally {
            one.delete();
            other.delete();
        }
    }

    @Test
    void whatAKilledJobDidNotFinishGoesWithItsDirectory(@TempDir Path results) throws Exception {
        Path unfinished = Files.createFile(results.resolve(".out.npy.1.part"));
        Path gone = results.resolve(".out.lse.npy.1.part");
        Path other = Files.createFile(results.resolve("out.npy"));
        JobDirectory killed = JobDirectory.create();
        killed.rememberUnfinished(List.of(unfinished, gone));
        JobDirectory.create().delete();
        assertThat(unfinished).as("of a job that lives").exists();
        String name = killed.path().getFileName().toString();
        // The same process, but started at another time.
        Path orphan = killed.path().resolveSibling(name.replaceAll("(ringwood-job-\\d+-\\d+-)\\d+-", "$11-"));
        Files.move(killed.path(), orphan);
        JobDirectory.create().delete();
        assertThat(orphan).doesNotExist();
        assertThat(unfinished).doesNotExist();
        assertThat(other).exists();
    }

    @Test
    void keepsWhatARankSaidOfItsEnd() throws Exception {
        JobDirectory directory = JobDirectory.create();
        try {
            assertThat(directory.verdict(3)).isEmpty();
            JobFailure failure = JobFailure.of(new Failure(3, "here", 5, Failure.Cause.ERROR, "failed: a\tb\nc"));
            directory.leaveVerdict(3, failure);
            assertThat(directory.verdict(3).map(JobFailure::sentence))
                    .contains("rank 3 (here, process 5) failed: a b c");
        } finally {
            directory.delete();
        }
    }
}
