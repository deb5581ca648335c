package org.ringwood.runtime.worker;

import java.util.Optional;
import org.ringwood.collectives.ProcessGroup;
import org.ringwood.kernels.Device;
import org.ringwood.runtime.cluster.Coordination;
import org.ringwood.runtime.job.Inputs;
import org.ringwood.runtime.job.Job;

/** One rank of a job, from its inputs to its exit code, once the group is connected. */
final class RankProgram {
    private final Job job;
    private final Coordination coordination;
    private final ProcessGroup group;
    private final String nonce;
    private final Voice voice;

    /**
     * @param nonce of the job, the same on every rank
     * @param voice tells people of progress and result; only rank 0's speaks
     */
    RankProgram(Job job, Coordination coordination, ProcessGroup group, String nonce, Voice voice) {
        this.job = job;
        this.coordination = coordination;
        this.group = group;
        this.nonce = nonce;
        this.voice = voice;
    }

    /** Runs to the end, and tells every rank if this one cannot go on. The group stays open. */
    End run() {
        try (Device device = RankDevice.open(job, group)) {
            return run(device);
        } catch (RuntimeException | Error thrown) {
            return End.stopped(coordination, thrown);
        }
    }

    /** As {@link #run()}, on a device that stays open. */
    End run(Device device) {
        try (Inputs inputs = Inputs.open(job)) {
            Optional<ResultWriter> writer = inputs.output(nonce).map(output -> new ResultWriter(output, group));
            try {
                return run(inputs, device, writer);
            } catch (RuntimeException | Error thrown) {
                End end = End.stopped(coordination, thrown);
                writer.ifPresent(ResultWriter::discard);
                return end;
            }
        } catch (RuntimeException | Error thrown) {
            return End.stopped(coordination, thrown);
        }
    }

    private End run(Inputs inputs, Device device, Optional<ResultWriter> writer) {
        RankRun.Result result = new RankRun(job, coordination, group).run(inputs, device, writer);
        Optional<String> violation = result.violation();
        writer.ifPresent(violation.isEmpty() ? ResultWriter::commit : ResultWriter::discard);
        Crew crew = result.crew();
        Job resolved = job.resolved(
                group.size(),
                crew.commonThreads(),
                crew.kinds(),
                result.speeds().asJobSays(),
                transport());
        voice.conclude(resolved, job, inputs, result, device.choice());
        // Rank 0 may take long over its files. It is waited for here, where all waits end alike; what follows takes a
        // moment.
        group.barrier();
        coordination.conclude();
        return End.verified(coordination, violation);
    }

    /** What carries the tensors; stays auto if it is not one transport, but shared memory within nodes and Aeron between them. */
    private Job.Transport transport() {
        if (job.transport() != Job.Transport.AUTO) {
            return job.transport();
        }
        int nodes = group.topology().nodeCount();
        if (nodes == 1) {
            return Job.Transport.SHM;
        }
        return nodes == group.size() ? Job.Transport.AERON : Job.Transport.AUTO;
    }
}
