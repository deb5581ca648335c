package org.ringwood.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.runtime.outcome.ExitStatus;

class CommandLineInterfaceTest {
    @ParameterizedTest
    @ValueSource(strings = {"", "bench", "--frobnicate", "exec -n", "exec -n 0 -- true", "exec -n 1", "doctor --loud"})
    void badUsageEndsWith2(String line) {
        String[] arguments = line.isEmpty() ? new String[0] : line.split(" ");
        assertThat(CommandLineInterface.run(CommandLineInterfaceTest.class, CommandLineInterfaceTest.class, arguments))
                .isEqualTo(ExitStatus.BAD_INPUT.code());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "--version", "run --version", "exec --help", "doctor"})
    void whatIsAskedForIsTold(String line) {
        assertThat(CommandLineInterface.run(
                        CommandLineInterfaceTest.class, CommandLineInterfaceTest.class, line.split(" ")))
                .isEqualTo(ExitStatus.DONE.code());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7})
    void execEndsAsItsProgramsDo(int code) {
        String script = "test $RANK -lt $WORLD_SIZE && test -n \"$RINGWOOD_TOKEN\" && exit " + code + "; exit 99";
        assertThat(CommandLineInterface.run(
                        CommandLineInterfaceTest.class,
                        CommandLineInterfaceTest.class,
                        "exec",
                        "-n",
                        "2",
                        "--",
                        "sh",
                        "-c",
                        script))
                .isEqualTo(code);
    }
}
