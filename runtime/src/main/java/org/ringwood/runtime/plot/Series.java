package org.ringwood.runtime.plot;

import java.util.List;

/**
 * What a figure draws in one colour and with one marker.
 *
 * @param name in the legend
 * @param style number of colour and marker, the same for the same thing in all figures of a section
 * @param points by x
 * @param joined whether a line joins them
 */
record Series(String name, int style, List<Point> points, boolean joined) {
    /**
     * A value with the span of its repetitions.
     *
     * @param low smallest of them; as the value if there is one
     * @param high largest of them
     */
    record Point(double x, double y, double low, double high) {
        static Point of(double x, double y) {
            return new Point(x, y, y, y);
        }
    }

    /** Copies the list. */
    Series {
        points = List.copyOf(points);
    }
}
