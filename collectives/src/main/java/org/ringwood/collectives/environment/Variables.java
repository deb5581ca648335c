package org.ringwood.collectives.environment;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Environment variables, with errors that name them. An empty variable counts as not set. */
record Variables(Map<String, String> values) {
    boolean has(String name) {
        return get(name).isPresent();
    }

    Optional<String> get(String name) {
        return Optional.ofNullable(values.get(name)).filter(value -> !value.isBlank());
    }

    /** @param remedy what to do if it is not set */
    String require(String name, String remedy) {
        return get(name).orElseThrow(() -> new IllegalArgumentException("%s is not set; %s".formatted(name, remedy)));
    }

    OptionalInt number(String name) {
        return get(name).map(value -> OptionalInt.of(parse(name, value))).orElse(OptionalInt.empty());
    }

    int requireNumber(String name, String remedy) {
        return parse(name, require(name, remedy));
    }

    private static int parse(String name, String value) {
        if (!value.matches("\\d{1,9}")) {
            throw new IllegalArgumentException("%s=%s is not a number of 0 or more".formatted(name, value));
        }
        return Integer.parseInt(value);
    }
}
