package org.ringwood.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The project in {@code examples/consumer}, away from the checkout, built on what is published of Ringwood and nothing else of it. */
@EnabledOnOs(OS.LINUX)
class ConsumerIT {
    private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();
    private static final Path FLAGS = CHECKOUT.resolve("cluster-configs/ringwood.args");
    private static final Path PACKED = Path.of("target/lib").toAbsolutePath();
    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");
    private static final Pattern LOSS = Pattern.compile("step (\\d+) on (\\d) ranks: loss ([0-9.]+)\n");
    /** One of the last digit that is printed, as ranks sum up in another order. */
    private static final Offset<Double> LAST_DIGIT = Offset.offset(1.01e-4);

    @TempDir
    Path directory;

    private Path project;

    /** What {@code mvn deploy} puts into a repository, of what the build has packed just now. */
    @BeforeEach
    void publish() throws IOException {
        copy(CHECKOUT.resolve("pom.xml"), published("ringwood", "pom"));
        for (String module : List.of("kernels-cu", "collectives", "attention-parallel")) {
            String name = "ringwood-" + module;
            copy(CHECKOUT.resolve(module + "/pom.xml"), published(name, "pom"));
            copy(PACKED.resolve(file(name, "jar")), published(name, "jar"));
        }
        project = Files.createDirectory(directory.resolve("a project of mine"));
        Path example = CHECKOUT.resolve("examples/consumer");
        copy(example.resolve("pom.xml"), project.resolve("pom.xml"));
        try (Stream<Path> sources = Files.walk(example.resolve("src"))) {
            for (Path source : sources.filter(Files::isRegularFile).toList()) {
                copy(source, project.resolve(example.relativize(source)));
            }
        }
    }

    @Test
    void compilesAndLearnsTheSameOnAnyNumberOfRanks() throws Exception {
        run(property("ringwood.maven"), "-B", "-q", "-s", settings().toString(), "package");
        List<Double> alone = losses(1);
        List<Double> together = losses(4);
        assertThat(alone).hasSize(6).isSortedAccordingTo((one, next) -> Double.compare(next, one));
        assertThat(together).hasSameSizeAs(alone);
        for (int step = 0; step < alone.size(); step++) {
            assertThat(together.get(step)).isCloseTo(alone.get(step), LAST_DIGIT);
        }
    }

    private List<Double> losses(int ranks) throws IOException, InterruptedException {
        String flags = "@" + FLAGS;
        String printed = run(
                JAVA.toString(),
                flags,
                "-cp",
                PACKED + "/*",
                Launcher.class.getName(),
                "exec",
                "-n",
                Integer.toString(ranks),
                "--",
                JAVA.toString(),
                flags,
                "-cp",
                "target/lib/*",
                "com.example.descent.Descent");
        List<MatchResult> lines = LOSS.matcher(printed).results().toList();
        assertThat(lines).as(printed).allMatch(line -> line.group(2).equals(Integer.toString(ranks)));
        return lines.stream().map(line -> Double.parseDouble(line.group(3))).toList();
    }

    /** Settings of a Maven that knows this build's downloads in place of any server, and keeps its own copies of them. */
    private Path settings() throws IOException {
        Path settings = directory.resolve("settings.xml");
        return Files.writeString(settings, """
                <settings>
                  <localRepository>%s</localRepository>
                  <mirrors>
                    <mirror><id>downloads</id><mirrorOf>*,!published</mirrorOf><url>%s</url></mirror>
                  </mirrors>
                  <profiles>
                    <profile>
                      <id>published</id>
                      <repositories>
                        <repository><id>published</id><url>%s</url></repository>
                      </repositories>
                    </profile>
                  </profiles>
                  <activeProfiles><activeProfile>published</activeProfile></activeProfiles>
                </settings>
                """.formatted(
                        directory.resolve("local"),
                        Path.of(property("ringwood.maven.local")).toUri(),
                        directory.resolve("published").toUri()));
    }

    private Path published(String name, String extension) {
        return directory
                .resolve("published/org/ringwood")
                .resolve(name)
                .resolve(property("ringwood.version"))
                .resolve(file(name, extension));
    }

    private static String file(String name, String extension) {
        return name + "-" + property("ringwood.version") + "." + extension;
    }

    private static String property(String name) {
        return Objects.requireNonNull(System.getProperty(name), "set by the build");
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        Files.copy(from, to);
    }

    /** What a program says that does not fail. If it takes too long, it ends with the test. */
    private String run(String... command) throws IOException, InterruptedException {
        Path said = directory.resolve("said");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(project.toFile())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        try {
            int code = process.waitFor();
            assertThat(code).as(Files.readString(said)).isZero();
            return Files.readString(said);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
