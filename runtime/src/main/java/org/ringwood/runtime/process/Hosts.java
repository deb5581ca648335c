package org.ringwood.runtime.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The name of this machine. */
public final class Hosts {
    private static final String SLURM_NAME = "SLURMD_NODENAME";

    private Hosts() {}

    /** Its own name, without asking the network for it; within a Slurm job, Slurm's name for it. */
    public static String name() {
        return Optional.ofNullable(System.getenv(SLURM_NAME)).orElseGet(Hosts::ownName);
    }

    private static String ownName() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/hostname"), StandardCharsets.UTF_8)
                    .strip();
        } catch (IOException notLinux) {
            return Optional.ofNullable(System.getenv("HOSTNAME")).orElse("localhost");
        }
    }
}
