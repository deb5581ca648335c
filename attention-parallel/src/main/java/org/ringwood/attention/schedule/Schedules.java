package org.ringwood.attention.schedule;

import java.util.List;

/** The schedules by name. */
public final class Schedules {
    private static final List<Schedule> ALL = List.of(
            new RingAttention(),
            new DoubleRingAttention(),
            new TreeAttention(),
            new UlyssesAttention(),
            new HybridAttention(),
            new GatherAttention());

    private Schedules() {}

    /** All schedules. */
    public static List<Schedule> all() {
        return ALL;
    }

    /** Their names. */
    public static List<String> names() {
        return ALL.stream().map(Schedule::name).toList();
    }

    /**
     * A schedule.
     *
     * @param name {@code ring}, {@code double-ring}, {@code tree}, {@code ulysses}, {@code hybrid} or {@code gather}
     * @throws IllegalArgumentException for any other name
     */
    public static Schedule named(String name) {
        return ALL.stream()
                .filter(schedule -> schedule.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "there is no schedule " + name + "; take one of " + String.join(", ", names())));
    }
}
