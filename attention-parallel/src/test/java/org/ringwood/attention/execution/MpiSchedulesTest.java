package org.ringwood.attention.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.collectives.mpi.MpiBinding;
import org.ringwood.collectives.mpi.OpenMpi;
import org.ringwood.collectives.mpi.Outcomes;

/**
 * Every schedule on processes that mpirun has started, over both bindings: equals the oracle, and costs exactly what its plan says. Three
 * names of nodes make rings of nodes and trees that are cut along them; MPI carries everything all the same.
 */
@Timeout(300)
class MpiSchedulesTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit's.
    private Path folder;

    @TestFactory
    Stream<DynamicTest> foreignFunctions() throws Exception {
        return run(MpiBinding.FOREIGN);
    }

    @TestFactory
    Stream<DynamicTest> javaBindings() throws Exception {
        return run(MpiBinding.JAVA);
    }

    private Stream<DynamicTest> run(MpiBinding binding) throws Exception {
        OpenMpi.missing(binding).ifPresent(reason -> assumeTrue(false, reason));
        List<String> program = OpenMpi.program(binding, ScheduleRank.class, folder.toString());
        Path log = folder.resolve("log");
        int status = OpenMpi.run(OpenMpi.mpirunOnNodes(List.of(3, 2, 2), program), log);
        Outcomes outcomes = new Outcomes(folder);
        return Stream.concat(
                ScheduleRank.examples()
                        .map(example -> DynamicTest.dynamicTest(
                                example.toString(), () -> outcomes.requirePassed(example.toString(), example.ranks()))),
                Stream.of(DynamicTest.dynamicTest(
                        "all end in order",
                        () -> assertThat(status).as(Files.readString(log)).isZero())));
    }
}
