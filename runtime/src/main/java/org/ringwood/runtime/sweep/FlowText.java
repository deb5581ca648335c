package org.ringwood.runtime.sweep;

import java.util.stream.Collectors;
import org.ringwood.runtime.yaml.Entry;

/** A piece of YAML in one line. */
final class FlowText {
    private FlowText() {}

    static String of(Entry entry) {
        return switch (entry) {
            case Entry.Scalar scalar -> scalar.text();
            case Entry.Sequence sequence ->
                sequence.items().stream().map(FlowText::of).collect(Collectors.joining(", ", "[", "]"));
            case Entry.Mapping mapping ->
                mapping.fields().entrySet().stream()
                        .map(field ->
                                field.getKey() + ": " + of(field.getValue().value()))
                        .collect(Collectors.joining(", ", "{", "}"));
        };
    }
}
