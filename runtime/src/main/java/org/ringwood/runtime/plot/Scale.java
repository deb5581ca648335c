package org.ringwood.runtime.plot;

import java.util.ArrayList;
import java.util.List;

/**
 * Where values stand along an axis.
 *
 * @param from value at its begin
 * @param to value at its end
 * @param logarithmic whether equal ratios are equally far apart
 * @param ticks values with a label
 */
record Scale(double from, double to, boolean logarithmic, List<Double> ticks) {
    private static final int MOST_TICKS = 8;
    private static final double ROOM = 1.15;
    private static final double HEADROOM = 1.04;
    /** A logarithmic axis spans this at least, so that it has some ticks. */
    private static final double LEAST_SPAN = 4;

    /** From nothing to all of it. */
    static final Scale PARTS = new Scale(0, 1, false, List.of(0.0, 0.2, 0.4, 0.6, 0.8, 1.0));

    /** Part of the axis at which a value stands, from 0 to 1 if it is on it. */
    double at(double value) {
        return logarithmic ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
    }

    /** Whether a value can be drawn. */
    boolean has(double value) {
        return Double.isFinite(value) && (!logarithmic || value > 0);
    }

    /**
     * From zero to a little more than the largest value.
     *
     * @param unit that ticks are round in
     */
    static Scale linear(double largest, double unit) {
        double top = largest > 0 ? largest * HEADROOM : unit;
        double step = roundStep(top / unit / 5) * unit;
        double to = Math.ceil(top / step - 1e-9) * step;
        List<Double> ticks = new ArrayList<>();
        for (int i = 0; i * step <= to * (1 + 1e-9); i++) {
            ticks.add(i * step);
        }
        return new Scale(0, to, false, ticks);
    }

    private static double roundStep(double step) {
        double decade = Math.pow(10, Math.floor(Math.log10(step)));
        for (double nice : new double[] {1, 2, 2.5, 5}) {
            if (nice * decade >= step) {
                return nice * decade;
            }
        }
        return 10 * decade;
    }

    /** Logarithmic around positive values, with ticks at powers of two of the unit, or at 1, 2 and 5 times powers of ten. */
    static Scale logarithmic(double smallest, double largest, double unit, boolean binary) {
        double widening = Math.max(ROOM, Math.sqrt(LEAST_SPAN * smallest / largest));
        double low = smallest / widening;
        double high = largest * widening;
        List<Double> ticks = binary ? binaryTicks(low / unit, high / unit) : decimalTicks(low / unit, high / unit);
        double from = Math.min(low, ticks.getFirst() * unit);
        double to = Math.max(high, ticks.getLast() * unit);
        return new Scale(from, to, true, ticks.stream().map(tick -> tick * unit).toList());
    }

    /** Logarithmic, with a tick at each of a few values. */
    static Scale atValues(List<Double> values) {
        List<Double> sorted = values.stream().distinct().sorted().toList();
        double low = sorted.getFirst();
        double high = sorted.getLast();
        if (sorted.size() > MOST_TICKS || sorted.size() == 1) {
            return logarithmic(low, high, 1, true);
        }
        double room = Math.pow(high / low, 0.06);
        return new Scale(low / room, high * room, true, sorted);
    }

    private static List<Double> binaryTicks(double low, double high) {
        int first = (int) Math.floor(log2(low));
        int last = (int) Math.ceil(log2(high));
        int step = 1;
        while ((last - first) / step >= MOST_TICKS) {
            step++;
        }
        List<Double> ticks = new ArrayList<>();
        for (int power = Math.floorDiv(first, step) * step; power < last + step; power += step) {
            double tick = Math.scalb(1.0, power);
            if (tick >= low && tick <= high) {
                ticks.add(tick);
            }
        }
        return ticks.isEmpty() ? List.of(Math.scalb(1.0, first), Math.scalb(1.0, last)) : ticks;
    }

    private static double log2(double value) {
        return Math.log(value) / Math.log(2);
    }

    private static List<Double> decimalTicks(double low, double high) {
        double decades = Math.log10(high / low);
        double[] within =
                decades <= 1.5 ? new double[] {1, 2, 5} : decades <= 3 ? new double[] {1, 3} : new double[] {1};
        List<Double> ticks = new ArrayList<>();
        for (int power = (int) Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
            for (double digit : within) {
                double tick = digit * Math.pow(10, power);
                if (tick >= low && tick <= high) {
                    ticks.add(tick);
                }
            }
        }
        return ticks.isEmpty() ? List.of(low, high) : ticks;
    }
}
