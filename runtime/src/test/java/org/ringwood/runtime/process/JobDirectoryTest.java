package org.ringwood.runtime.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
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
