package org.ringwood.runtime.cluster;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.ringwood.collectives.Failure;

/**
 * Who of the cluster's members is of the job. Two jobs that were started with the same address, port and token meet in one
 * cluster; whoever comes to a seat that is taken is a stranger, who leaves and is ignored.
 */
final class Attendance {
    private Attendance() {}

    /** Those of the job, by rank; of two that claim one rank, the older. */
    static List<Member> of(Collection<com.hazelcast.cluster.Member> oldestFirst, int size) {
        return oldestFirst.stream()
                .filter(member -> size(member) == size)
                .collect(Collectors.toMap(Attendance::rank, MembershipWatch::of, (older, younger) -> older))
                .values()
                .stream()
                .sorted(Comparator.comparingInt(Member::rank))
                .toList();
    }

    /** Why a member is a stranger among others, if it is one; itself may be one of the others. */
    static Optional<String> strangeness(
            com.hazelcast.cluster.Member member, Collection<com.hazelcast.cluster.Member> oldestFirst) {
        com.hazelcast.cluster.Member first = oldestFirst.iterator().next();
        if (size(first) != size(member)) {
            return Optional.of("is one of %d ranks, but this job has %d".formatted(size(member), size(first)));
        }
        return oldestFirst.stream()
                .filter(other -> rank(other) == rank(member))
                .findFirst()
                .filter(other -> !other.equals(member))
                .map(MembershipWatch::of)
                .map(other -> "is not the first: process %d on %s is that rank".formatted(other.pid(), other.host()));
    }

    /** Names the ranks that did not come. */
    static Failure missing(List<Member> present, ClusterSettings settings) {
        List<Integer> absent = IntStream.range(0, settings.size())
                .filter(rank -> present.stream().noneMatch(member -> member.rank() == rank))
                .boxed()
                .toList();
        String names = absent.stream().map(String::valueOf).collect(Collectors.joining(", "));
        String detail = "did not join within " + settings.timeouts().join().toSeconds() + " s"
                + (absent.size() > 1 ? ", nor did the others of ranks " + names : "")
                + "; see why it did not start, or raise timeouts.join";
        return new Failure(absent.getFirst(), "?", 0, Failure.Cause.SILENT, detail);
    }

    private static int rank(com.hazelcast.cluster.Member member) {
        return Integer.parseInt(member.getAttribute(MemberConfig.RANK));
    }

    private static int size(com.hazelcast.cluster.Member member) {
        return Integer.parseInt(member.getAttribute(MemberConfig.SIZE));
    }
}
