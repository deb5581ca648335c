package org.ringwood.attention.schedule;

import java.util.ArrayList;
import java.util.List;
import org.ringwood.attention.plan.Part;

/**
 * Sums of gradients of some rows, and the steps that add to them: one after the other in the order in which they are written, whatever
 * arrives first, so that the bits are always the same.
 */
final class GradientSums {
    private final List<Part> parts;
    private final PlanWriter writer;
    private List<Integer> ready;

    /**
     * Sums that are 0.
     *
     * @param parts a part for every operand
     * @param free the steps after which their memory is free
     */
    GradientSums(List<Part> parts, List<Integer> free, PlanWriter writer) {
        this.parts = List.copyOf(parts);
        this.writer = writer;
        this.ready = this.parts.stream()
                .filter(part -> part.rows() > 0)
                .map(part -> writer.clear(part, free))
                .toList();
    }

    List<Part> parts() {
        return parts;
    }

    /** The steps after which all is there that was added so far. */
    List<Integer> ready() {
        return ready;
    }

    /** A step adds to them, which comes after those that did so far. */
    void addedBy(int step) {
        ready = List.of(step);
    }

    /** Adds to some rows of all of them. */
    void add(List<Part> from, List<Part> into, List<Integer> there) {
        for (int i = 0; i < from.size(); i++) {
            add(from.get(i), into.get(i), there);
        }
    }

    /**
     * Adds to some of them.
     *
     * @param there the steps after which {@code from} is there
     */
    void add(Part from, Part into, List<Integer> there) {
        List<Integer> after = new ArrayList<>(ready);
        after.addAll(there);
        addedBy(writer.add(from, into, List.copyOf(after)));
    }
}
