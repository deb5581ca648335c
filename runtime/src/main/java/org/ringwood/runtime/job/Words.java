package org.ringwood.runtime.job;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Slice;
import org.ringwood.runtime.tensors.Layout;

/** The words of the job file and what they stand for. */
final class Words {
    static final Map<String, Devices.Kind> DEVICES = of(Devices.Kind.values());
    static final Map<String, Job.Transport> TRANSPORTS = of(Job.Transport.values());
    static final Map<String, Job.Schedule> SCHEDULES = of(Job.Schedule.values());
    static final Map<String, Job.Partition> PARTITIONS = of(Job.Partition.values());
    static final Map<String, Layout> LAYOUTS = of(Layout.BTHD, Layout.BHTD);
    static final Map<String, DType> DTYPES = of(DType.values());
    static final Map<String, Slice.Kind> KINDS = of(Slice.Kind.values());
    static final Map<String, MaskSpec> MASKS = masks();

    private Words() {}

    /** The word of a constant. */
    static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    @SafeVarargs
    private static <E extends Enum<E>> Map<String, E> of(E... constants) {
        Map<String, E> words = new LinkedHashMap<>();
        for (E constant : constants) {
            words.put(word(constant), constant);
        }
        return words;
    }

    private static Map<String, MaskSpec> masks() {
        Map<String, MaskSpec> words = new LinkedHashMap<>();
        words.put("full", MaskSpec.FULL);
        words.put("causal", MaskSpec.CAUSAL);
        return words;
    }
}
