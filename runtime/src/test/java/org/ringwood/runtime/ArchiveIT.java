package org.ringwood.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The archive, unpacked where no checkout and no Maven is, by a user who has a JDK only. */
@EnabledOnOs(OS.LINUX)
class ArchiveIT {
    private static final Path ARCHIVE =
            Path.of(Objects.requireNonNull(System.getProperty("ringwood.archive"), "set by the build"));

    @TempDir
    Path directory;

    private record Ended(int code, String out) {}

    @Test
    void runsWhereverItIsUnpacked() throws Exception {
        Path home = unpack(Files.createDirectory(directory.resolve("a folder of mine")));
        String launcher = home.resolve("ringwood").toString();
        Ended version = run(launcher, "--version");
        assertThat(version.code).as(version.out).isZero();
        assertThat(version.out)
                .contains(Files.readString(home.resolve("COMMIT")).strip());
        Ended job = run(
                launcher,
                "run",
                home.resolve("cluster-configs/quickstart.yaml").toString(),
                "--set",
                "workers=2",
                "--set",
                "attention.schedule=[ring, tree]");
        assertThat(job.code).as(job.out).isZero();
        assertThat(job.out).contains("ring ", "tree ");
    }

    @Test
    void doesNotPretendToBeACheckout() throws Exception {
        Path home = unpack(directory);
        assertThat(home.resolve("slurm/attention.sbatch")).isExecutable();
        try (Stream<Path> files = Files.walk(home)) {
            assertThat(files.map(file -> file.getFileName().toString())).doesNotContain("pom.xml", "target");
        }
        for (String command : List.of("test", "bench")) {
            Ended refused = run(home.resolve("ringwood").toString(), command, "kernels");
            assertThat(refused.code).isEqualTo(2);
            assertThat(refused.out).contains("checkout", home.toString());
        }
    }

    @Test
    void attendsArraysOfNumPy() throws Exception {
        assumeTrue(succeeds("python3", "-c", "import numpy"), "there is no python3 with numpy here");
        Path home = unpack(directory);
        Random random = new Random();
        List<String> schedules = List.of("ring", "tree", "ulysses", "gather", "hybrid");
        List<String> command = List.of(
                "python3",
                home.resolve("examples/python/attend.py").toString(),
                "--tokens=" + (1 + random.nextInt(200)),
                "--workers=" + (1 + random.nextInt(3)),
                "--schedule=" + schedules.get(random.nextInt(schedules.size())),
                "--seed=" + random.nextInt(Integer.MAX_VALUE));
        Ended attended = run(command.toArray(String[]::new));
        assertThat(attended.code).as(command + ": " + attended.out).isZero();
        assertThat(attended.out).containsPattern("\\d+ tokens: out within \\S+ \\(allowed \\S+\\), lse within ");
    }

    @Test
    void missesNumPyInOneSentence() throws Exception {
        assumeTrue(succeeds("python3", "--version"), "there is no python3 here");
        Path home = unpack(directory);
        // A Python that sees nothing that was installed besides it.
        Ended refused = run(
                "python3", "-E", "-S", home.resolve("examples/python/attend.py").toString());
        assertThat(refused.code).isEqualTo(1);
        assertThat(refused.out.strip())
                .startsWith("attend.py: the module numpy is missing; install it")
                .hasLineCount(1);
    }

    private boolean succeeds(String... command) throws InterruptedException {
        try {
            return run(command).code == 0;
        } catch (IOException missing) {
            return false;
        }
    }

    private Path unpack(Path into) throws IOException, InterruptedException {
        Ended unpacked = run("tar", "xzf", ARCHIVE.toString(), "-C", into.toString());
        assertThat(unpacked.code).as(unpacked.out).isZero();
        try (Stream<Path> folders = Files.list(into)) {
            return folders.filter(folder -> folder.getFileName().toString().startsWith("ringwood-"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private Ended run(String... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(List.of(command)))
                .directory(directory.toFile())
                .redirectErrorStream(true);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), out);
    }
}
