package org.ringwood.runtime.report;

import java.util.LinkedHashMap;
import java.util.Map;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.yaml.Entry;
import org.ringwood.runtime.yaml.Yaml;

/** A job as JSON has it: the keys of its file, with numbers and booleans as such. */
public final class JobTree {
    private JobTree() {}

    /** The tree of a job. */
    public static Map<String, Object> of(Job job) {
        return mapping((Entry.Mapping) Yaml.parse(job.text(), "job"));
    }

    private static Map<String, Object> mapping(Entry.Mapping mapping) {
        Map<String, Object> tree = new LinkedHashMap<>();
        mapping.fields().forEach((key, field) -> tree.put(key, value(field.value())));
        return tree;
    }

    private static Object value(Entry entry) {
        return switch (entry) {
            case Entry.Mapping mapping -> mapping(mapping);
            case Entry.Sequence sequence ->
                sequence.items().stream().map(JobTree::value).toList();
            case Entry.Scalar scalar when !scalar.plain() -> scalar.text();
            case Entry.Scalar scalar when scalar.text().matches("-?[0-9]{1,18}") -> Long.valueOf(scalar.text());
            case Entry.Scalar scalar
            when scalar.text().matches("-?[0-9.]+([eE][-+]?[0-9]+)?") -> Double.valueOf(scalar.text());
            case Entry.Scalar scalar
            when scalar.text().equals("true") || scalar.text().equals("false") -> Boolean.valueOf(scalar.text());
            case Entry.Scalar scalar -> scalar.text();
        };
    }
}
