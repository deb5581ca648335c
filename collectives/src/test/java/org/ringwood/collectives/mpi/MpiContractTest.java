package org.ringwood.collectives.mpi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The contracts of transports and collectives, on processes that mpirun has started, over both bindings. */
@Timeout(300)
class MpiContractTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit's.
    private Path folder;

    @TestFactory
    Stream<DynamicTest> foreignFunctions() throws Exception {
        return run(MpiBinding.FOREIGN, List.of(), List.of(1, 2, 3, 4, 7));
    }

    @TestFactory
    Stream<DynamicTest> javaBindings() throws Exception {
        return run(MpiBinding.JAVA, List.of(), List.of(1, 2, 3, 4));
    }

    /** As between hosts: what is sent is copied by a socket, and not by the receiver. */
    @TestFactory
    Stream<DynamicTest> overSockets() throws Exception {
        return run(MpiBinding.FOREIGN, List.of("--mca", "btl", "tcp,self"), List.of(4));
    }

    private Stream<DynamicTest> run(MpiBinding binding, List<String> options, List<Integer> sizes) throws Exception {
        OpenMpi.missing(binding).ifPresent(reason -> assumeTrue(false, reason));
        int ranks = sizes.getLast();
        List<String> arguments = new ArrayList<>(List.of(folder.toString()));
        sizes.forEach(size -> arguments.add(size.toString()));
        List<String> program = OpenMpi.program(binding, ContractRank.class, arguments.toArray(String[]::new));
        Path log = folder.resolve("log");
        int status = OpenMpi.run(OpenMpi.mpirun(options, ranks, program), log);
        Outcomes outcomes = new Outcomes(folder);
        List<DynamicTest> tests = new ArrayList<>();
        for (Method test : ContractRank.tests()) {
            tests.add(DynamicTest.dynamicTest(test.getName(), () -> outcomes.requirePassed(test.getName(), ranks)));
        }
        tests.add(DynamicTest.dynamicTest(
                "all end in order",
                () -> assertThat(status).as(Files.readString(log)).isZero()));
        return tests.stream();
    }
}
