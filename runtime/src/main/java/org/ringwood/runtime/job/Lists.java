package org.ringwood.runtime.job;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.tensors.Npy;
import org.ringwood.runtime.yaml.Entry;
import org.ringwood.runtime.yaml.Yaml;

/**
 * Lists in files of their own: {@code .npy} arrays of whole numbers, or YAML, of which JSON is a part. In an array, the kind of
 * a slice is 0 for full, 1 for causal, 2 for inverse-causal and 3 for bi-causal.
 */
final class Lists {
    private static final List<String> KINDS = List.copyOf(Words.KINDS.keySet());

    private Lists() {}

    /** A list of numbers. */
    static Entry numbers(Path file) {
        return isNpy(file) ? scalars(Npy.wholeNumbers(file, 0), file) : Yaml.read(file);
    }

    /** A list of {@code [q0, q1, k0, k1, kind]}. */
    static Entry rectangles(Path file) {
        if (!isNpy(file)) {
            return Yaml.read(file);
        }
        long[] numbers = Npy.wholeNumbers(file, 5);
        List<Entry> rows = new ArrayList<>();
        for (int i = 0; i < numbers.length; i += 5) {
            List<Entry> row = new ArrayList<>(
                    scalars(Arrays.copyOfRange(numbers, i, i + 4), file).items());
            row.add(new Entry.Scalar(kind(numbers[i + 4], file), true, file.toString()));
            rows.add(new Entry.Sequence(row, file.toString()));
        }
        return new Entry.Sequence(rows, file.toString());
    }

    private static String kind(long number, Path file) {
        if (number < 0 || number >= KINDS.size()) {
            throw new InputException(
                    file + " has a slice of kind " + number + ": give 0 to 3, which are " + String.join(", ", KINDS));
        }
        return KINDS.get((int) number);
    }

    private static boolean isNpy(Path file) {
        return file.toString().endsWith(".npy");
    }

    private static Entry.Sequence scalars(long[] numbers, Path file) {
        List<Entry> items = new ArrayList<>(numbers.length);
        for (long number : numbers) {
            items.add(new Entry.Scalar(Long.toString(number), true, file.toString()));
        }
        return new Entry.Sequence(items, file.toString());
    }
}
