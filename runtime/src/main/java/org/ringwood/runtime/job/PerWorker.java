package org.ringwood.runtime.job;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.ringwood.attention.Weights;
import org.ringwood.kernels.Devices;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.yaml.Entry;
import org.ringwood.runtime.yaml.Fields;

/** Reads the keys that may have a list with an item for each worker. */
final class PerWorker {
    private static final String WHOLE = "whole numbers from 1 to " + Weights.MOST + " in proportion, such as [2, 3] for"
            + " 1 and 1.5, or auto, equal or measured";

    private final Fields top;
    private final OptionalInt workers;

    /** @param workers if the job says how many there are */
    PerWorker(Fields top, OptionalInt workers) {
        this.top = top;
        this.workers = workers;
    }

    /** One device for all, or one for each. */
    List<Devices.Kind> devices() {
        return listed("device", top.choices("device", Words.DEVICES).orElse(List.of(Devices.Kind.AUTO)));
    }

    Speeds speeds() {
        if (!(top.entry("speeds").orElse(null) instanceof Entry.Sequence list)) {
            return top.choice("speeds", Words.SPEEDS).orElse(new Speeds.Auto());
        }
        List<Integer> weights = new ArrayList<>();
        for (Entry item : list.items()) {
            weights.add(weight(item));
        }
        return new Speeds.Given(Weights.of(listed("speeds", weights)));
    }

    private int weight(Entry item) {
        if (item instanceof Entry.Scalar scalar && scalar.text().matches("[0-9]{1,9}")) {
            int weight = Integer.parseInt(scalar.text());
            if (weight >= 1 && weight <= Weights.MOST) {
                return weight;
            }
        }
        throw top.wrong("speeds", WHOLE, item);
    }

    private <T> List<T> listed(String key, List<T> items) {
        boolean list = top.entry(key).orElse(null) instanceof Entry.Sequence;
        if (list && (items.isEmpty() || workers.orElse(items.size()) != items.size())) {
            throw top.refused(key, complaint(items.size(), workers.orElse(1)));
        }
        return items;
    }

    /**
     * Sees that lists fit workers that a launcher started.
     *
     * @throws InputException naming the key if one doesn't
     */
    static void requireFits(Job job, int workers) {
        if (job.devices().size() > 1 && job.devices().size() != workers) {
            throw new InputException("device " + complaint(job.devices().size(), workers));
        }
        if (job.speeds() instanceof Speeds.Given(Weights weights) && weights.ranks() != workers) {
            throw new InputException("speeds " + complaint(weights.ranks(), workers));
        }
    }

    private static String complaint(int items, int workers) {
        return "lists " + items + ", but there " + (workers == 1 ? "is 1 worker" : "are " + workers + " workers")
                + ": list one for each, in the order of ranks, or give a word for all";
    }
}
