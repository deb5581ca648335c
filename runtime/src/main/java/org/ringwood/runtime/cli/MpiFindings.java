package org.ringwood.runtime.cli;

import java.nio.file.Path;
import java.util.Optional;
import org.ringwood.collectives.mpi.MpiBinding;

/** What the doctor finds of Open MPI: who starts ranks, and the two ways to call it, of which the transport takes what is there. */
final class MpiFindings {
    private MpiFindings() {}

    static Finding launcher(Optional<Path> mpirun) {
        return mpirun.map(path -> Finding.good("Open MPI", path.toString()))
                .orElseGet(
                        () -> Finding.missing(
                                "Open MPI",
                                "no mpirun on the PATH: only needed for transport: mpi, unless srun starts the ranks (Debian: openmpi-bin)"));
    }

    static Finding library() {
        return finding("libmpi", MpiBinding.FOREIGN);
    }

    static Finding javaBindings() {
        return finding("mpi.jar", MpiBinding.JAVA);
    }

    private static Finding finding(String subject, MpiBinding binding) {
        MpiBinding.Found found = binding.find();
        return found.works() ? Finding.good(subject, found.detail()) : Finding.missing(subject, found.detail());
    }
}
