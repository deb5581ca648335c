package org.ringwood.runtime.job;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.ringwood.runtime.tensors.Output;
import org.ringwood.runtime.yaml.Fields;

/** Sees to it that a job writes over nothing that it reads, and to no file twice. */
final class WrittenFiles {
    private final Fields top;
    private final Set<Path> taken = new HashSet<>();

    private WrittenFiles(Fields top) {
        this.top = top;
    }

    /**
     * Refuses a job that would write over one of its own files.
     *
     * @param file of the job itself
     * @param top keys of that file
     * @throws org.ringwood.runtime.files.InputException naming the key and the file that would be lost
     */
    static void check(Job job, Path file, Fields top) {
        WrittenFiles written = new WrittenFiles(top);
        written.reads(List.of(file.toAbsolutePath()));
        written.reads(job.input().files());
        written.reads(job.attention().mask().files());
        job.output().map(Output::files).ifPresent(files -> written.writes("output", files));
        job.report().ifPresent(report -> written.writes("report", List.of(report)));
        job.trace().ifPresent(trace -> written.writes("trace", List.of(trace)));
    }

    private void reads(List<Path> files) {
        for (Path file : files) {
            taken.add(place(file));
            taken.add(real(file));
        }
    }

    private void writes(String key, List<Path> files) {
        for (Path file : files) {
            if (!taken.add(place(file))) {
                throw top.refused(key, "would write over " + file + ", which the job also names: choose another name");
            }
        }
    }

    /** What a new file of that name replaces: the name itself, wherever it points to, in the directory that is meant. */
    private static Path place(Path file) {
        Path directory = file.getParent();
        Path name = file.getFileName();
        return directory == null || name == null ? file : real(directory).resolve(name);
    }

    private static Path real(Path file) {
        try {
            return file.toRealPath();
        } catch (IOException missing) {
            return file.normalize();
        }
    }
}
