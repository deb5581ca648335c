package org.ringwood.runtime.worker;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.kernels.Device;
import org.ringwood.runtime.cluster.Coordination;
import org.ringwood.runtime.cluster.Member;
import org.ringwood.runtime.job.Job;
import org.ringwood.runtime.net.Link;
import org.ringwood.runtime.outcome.Build;
import org.ringwood.runtime.report.JobTree;
import org.ringwood.runtime.sweep.Pending;
import org.ringwood.runtime.sweep.Provenance;
import org.ringwood.runtime.sweep.Row;
import org.ringwood.runtime.sweep.RunFiles;
import org.ringwood.runtime.sweep.Sweep;
import org.ringwood.runtime.sweep.ThisMachine;

/** The rows of a sweep that one group of ranks measures, one after the other: rows cost no start of a process. */
final class GroupSweep {
    private final Sweep sweep;
    private final Coordination coordination;
    private final ProcessGroup group;
    private final Path directory;
    private final Surroundings surroundings;

    GroupSweep(Sweep sweep, Coordination coordination, ProcessGroup group, Path directory, Surroundings surroundings) {
        this.sweep = sweep;
        this.coordination = coordination;
        this.group = group;
        this.directory = directory;
        this.surroundings = surroundings;
    }

    /**
     * Measures rows.
     *
     * @param todo the same on every rank
     * @return what is wrong with the first row that is wrong, if any is
     */
    Optional<String> run(Pending todo) {
        if (todo.isEmpty()) {
            return Optional.empty();
        }
        Link link = Link.measure(group);
        List<String> wrong = new ArrayList<>();
        try (Devices devices = new Devices()) {
            Optional<SweepRecord> record =
                    record(todo, devices.of(todo.rows().getFirst().job()));
            try {
                for (Row row : todo.rows()) {
                    Device device = devices.of(row.job());
                    new RowRun(row, coordination, group, device, link, record)
                            .run(sweep.warmup(), todo.iterations(row))
                            .ifPresent(wrong::add);
                }
            } finally {
                record.ifPresent(SweepRecord::close);
            }
        }
        return wrong.stream().findFirst();
    }

    /** The device, opened anew only where a row wants another one. */
    private final class Devices implements AutoCloseable {
        private Optional<Device> open = Optional.empty();
        private String key = "";

        Device of(Job job) {
            String wanted = job.devices() + " " + job.deviceMemory() + " " + job.threads() + " " + job.cpus();
            if (open.isEmpty() || !wanted.equals(key)) {
                close();
                open = Optional.of(RankDevice.open(job, group));
                key = wanted;
            }
            return open.get();
        }

        @Override
        public void close() {
            open.ifPresent(Device::close);
            open = Optional.empty();
        }
    }

    /** Rank 0's; the others tell where they run. */
    private Optional<SweepRecord> record(Pending todo, Device device) {
        List<String> devices = Gathering.texts(group, device.description());
        if (group.rank() > 0) {
            return Optional.empty();
        }
        List<Provenance.Rank> ranks = new ArrayList<>();
        for (Member member : coordination.members()) {
            ranks.add(new Provenance.Rank(
                    member.rank(),
                    group.topology().nodes().get(member.rank()),
                    member.host(),
                    member.pid(),
                    devices.get(member.rank())));
        }
        Map<String, Map<String, Object>> jobs = new LinkedHashMap<>();
        todo.rows().forEach(row -> jobs.put(row.id(), JobTree.of(row.job())));
        Instant now = Instant.now();
        Provenance provenance = new Provenance(
                Provenance.SCHEMA,
                "sweep",
                RunFiles.name(sweep.name(), now),
                sweep.name(),
                sweep.title(),
                sweep.baseline().toString(),
                sweep.x().orElse(""),
                Build.version(),
                Build.commit(),
                now.toString(),
                surroundings.emulated(),
                surroundings.launcher(),
                ThisMachine.describe(),
                ranks,
                jobs);
        return Optional.of(SweepRecord.create(directory, provenance, surroundings.out()));
    }
}
