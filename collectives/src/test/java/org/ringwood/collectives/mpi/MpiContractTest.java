package org.ringwood.collectives.mpi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.ringwood.collectives.TestJvm;

/** The contracts of transports and collectives, on processes that mpirun has started, over both bindings. */
class MpiContractTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit's.
    private Path folder;

    @TestFactory
    Stream<DynamicTest> foreignFunctions() throws Exception {
        return run(MpiBinding.FOREIGN, List.of(), List.of(1, 2, 3, 4));
    }

    @TestFactory
    Stream<DynamicTest> javaBindings() throws Exception {
        return run(MpiBinding.JAVA, List.of(), List.of(1, 2, 3, 4));
    }

    @TestFactory
    Stream<DynamicTest> sevenRanks() throws Exception {
        return run(MpiBinding.FOREIGN, List.of(), List.of(7));
    }

    /** As between hosts: what is sent is copied by a socket, and not by the receiver. */
    @TestFactory
    Stream<DynamicTest> overSockets() throws Exception {
        return run(MpiBinding.FOREIGN, List.of("--mca", "btl", "tcp,self"), List.of(4));
    }

    private Stream<DynamicTest> run(MpiBinding binding, List<String> options, List<Integer> sizes) throws Exception {
        Optional<String> missing = OpenMpi.missing(binding);
        assumeTrue(missing.isEmpty(), () -> missing.orElse(""));
        int ranks = sizes.stream().mapToInt(Integer::intValue).max().orElseThrow();
        List<String> arguments = new ArrayList<>(List.of(folder.toString()));
        sizes.forEach(size -> arguments.add(size.toString()));
        List<String> program = TestJvm.command(
                OpenMpi.flags(binding), OpenMpi.classPath(), ContractRank.class, arguments.toArray(String[]::new));
        Process mpirun = OpenMpi.mpirun(options, ranks, program)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        try {
            int status = mpirun.waitFor();
            List<DynamicTest> tests = new ArrayList<>();
            for (Method test : ContractRank.tests()) {
                tests.add(DynamicTest.dynamicTest(test.getName(), () -> requirePassed(test.getName(), ranks)));
            }
            tests.add(DynamicTest.dynamicTest(
                    "all end in order", () -> assertThat(status).isZero()));
            return tests.stream();
        } finally {
            mpirun.destroyForcibly();
        }
    }

    private void requirePassed(String test, int ranks) throws IOException {
        for (int rank : IntStream.range(0, ranks).toArray()) {
            Path outcome = ContractRank.outcomeFile(folder, test, rank);
            assertThat(outcome).as("outcome of rank " + rank).exists();
            assertThat(Files.readString(outcome)).as("outcome of rank " + rank).isEqualTo(ContractRank.PASSED);
        }
    }
}
