package org.ringwood.runtime.job;

import java.util.LinkedHashMap;
import java.util.Map;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Devices;
import org.ringwood.kernels.Slice;
import org.ringwood.runtime.tensors.Layout;
import org.ringwood.runtime.yaml.Keywords;

/** The words of the job file and what they stand for. */
final class Words {
    static final Map<String, Devices.Kind> DEVICES = Keywords.map(Devices.Kind.values());
    static final Map<String, Job.Transport> TRANSPORTS = Keywords.map(Job.Transport.values());
    static final Map<String, Job.Schedule> SCHEDULES = Keywords.map(Job.Schedule.values());
    static final Map<String, Job.Partition> PARTITIONS = Keywords.map(Job.Partition.values());
    static final Map<String, Layout> LAYOUTS = Keywords.map(Layout.BTHD, Layout.BHTD);
    static final Map<String, DType> DTYPES = Keywords.map(DType.values());
    static final Map<String, Slice.Kind> KINDS = Keywords.map(Slice.Kind.values());
    static final Map<String, MaskSpec> MASKS = masks();
    static final Map<String, Speeds> SPEEDS = speeds();

    private Words() {}

    private static Map<String, MaskSpec> masks() {
        Map<String, MaskSpec> words = new LinkedHashMap<>();
        words.put("full", MaskSpec.FULL);
        words.put("causal", MaskSpec.CAUSAL);
        return words;
    }

    private static Map<String, Speeds> speeds() {
        Map<String, Speeds> words = new LinkedHashMap<>();
        words.put("auto", new Speeds.Auto());
        words.put("equal", new Speeds.Equal());
        words.put("measured", new Speeds.Measured());
        return words;
    }
}
