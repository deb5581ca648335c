package org.ringwood.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The kernels neither make objects of vectors nor lose their speed, whatever ran before in their JVM and whatever its flags are. C2 decides
 * by profiles what it inlines, so the JVMs begin with different work. They get no other flag of ours than
 * the one that lets them use vectors at all, and write down what they compile.
 *
 * <p>This is the one test of speed. It measures a share, of a ceiling found in the same moments and in processor time, and leaves it a
 * factor of eight.
 *
 * <p>For flags of your own, each with all beginnings: {@code ./ringwood test -pl kernels-cu -Dtest=KernelGuardTest
 * -Dringwood.guard.flags="-XX:+UseShenandoahGC -XX:UseAVX=1"}
 */
class KernelGuardTest {
    private static final String FLAGS = System.getProperty("ringwood.guard.flags", "");
    private static final List<String> BEGINNINGS =
            List.of("prefill", "decode", "documents", "bf16", "capped", "dims", "merge", "gradients");

    @TempDir
    private Path directory;

    static Stream<Arguments> jvms() {
        if (!FLAGS.isBlank()) {
            return BEGINNINGS.stream().map(beginning -> Arguments.of(FLAGS, beginning));
        }
        String avx2 = "-XX:+IgnoreUnrecognizedVMOptions -XX:UseAVX=2";
        String narrow = "-Dorg.ringwood.kernels.vector.bits=128";
        return Stream.of(
                Arguments.of("", "prefill"),
                Arguments.of("", "gradients"),
                Arguments.of("-XX:+UseSerialGC", "bf16"),
                Arguments.of("-XX:+UseZGC", "dims"),
                Arguments.of(avx2, "decode"),
                Arguments.of(narrow, "documents"));
    }

    @Timeout(300)
    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest(name = "java {0}, {1} first")
    @MethodSource("jvms")
    void kernelsStayCompiled(String flags, String first) throws Exception {
        String logged = " -XX:+UnlockDiagnosticVMOptions -XX:+LogCompilation -XX:LogFile=log";
        List<Figures> figures = run(flags + logged, first);
        assertThat(figures).extracting(Figures::name).contains(BEGINNINGS.toArray(String[]::new));
        assertThat(figures).as("workloads that box vectors").noneMatch(Figures::isBoxing);
        assertThat(figures).as("workloads that have lost their speed").noneMatch(Figures::hasCollapsed);
        CompilerLog log = CompilerLog.read(directory.resolve("log"));
        assertThat(log.compiled()).as("kernels that C2 compiled").hasSizeGreaterThan(30);
        assertThat(log.putOff())
                .as("methods with more operations on vectors than C2 is sure to inline")
                .isEmpty();
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void boxingIsNoticed() throws Exception {
        StringBuilder flags = new StringBuilder("-XX:CompileCommand=quiet");
        for (int bits = 128; bits <= 512; bits *= 2) {
            flags.append(" -XX:CompileCommand=dontinline,jdk.incubator.vector.Float" + bits + "Vector::*");
        }
        assertThat(run(flags.toString(), "merge", "1")).singleElement().matches(Figures::isBoxing);
    }

    /** Runs the guard in a JVM of its own. */
    private List<Figures> run(String flags, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector"));
        Stream.of(flags.split(" ", -1)).filter(flag -> !flag.isEmpty()).forEach(command::add);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), KernelGuard.class.getName()));
        command.addAll(List.of(arguments));
        File out = directory.resolve("out").toFile();
        File errors = directory.resolve("errors").toFile();
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectOutput(out)
                .redirectError(errors);
        builder.environment().remove("JAVA_TOOL_OPTIONS");
        builder.environment().remove("JDK_JAVA_OPTIONS");
        Process jvm = builder.start();
        try {
            assertThat(jvm.waitFor())
                    .as("%s%n%s", command, Files.readString(errors.toPath()))
                    .isZero();
        } finally {
            jvm.destroyForcibly().waitFor();
        }
        return Figures.parse(Files.readAllLines(out.toPath()));
    }
}
