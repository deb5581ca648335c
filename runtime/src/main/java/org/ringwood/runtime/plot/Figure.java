package org.ringwood.runtime.plot;

import java.util.List;
import java.util.Optional;

/**
 * What is drawn.
 *
 * @param name of its file, without the ending
 * @param title above it
 * @param place which of several alike it is; empty if it is the only one
 * @param x quantity along
 * @param y quantity upwards
 * @param series at least one, with at least one point
 * @param ideal what would be best: a level, or the diagonal
 */
record Figure(String name, String title, String place, Axis x, Axis y, List<Series> series, Optional<Ideal> ideal) {
    /**
     * A quantity along an axis.
     *
     * @param quantity its name
     * @param dimension its units
     * @param logarithmic whether it spans ratios
     */
    record Axis(String quantity, Dimension dimension, boolean logarithmic) {}

    /** A line to compare with. */
    sealed interface Ideal {
        /** Name in the legend. */
        String name();

        /** A level of y. */
        record Level(String name, double y) implements Ideal {}

        /** Where y is x. */
        record Diagonal(String name) implements Ideal {}
    }
}
