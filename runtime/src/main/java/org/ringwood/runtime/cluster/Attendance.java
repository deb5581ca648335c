package org.ringwood.runtime.cluster;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.ringwood.collectives.Failure;

/** Whether those present are the ranks of the job, each once. */
final class Attendance {
    private Attendance() {}

    /** Two members that claim one rank, or one that claims a rank the job does not have. */
    static Optional<Failure> contradiction(List<Member> present, int size) {
        for (int i = 0; i < present.size(); i++) {
            Member member = present.get(i);
            if (member.rank() < 0 || member.rank() >= size) {
                return Optional.of(member.failure(
                        Failure.Cause.DISAGREEMENT,
                        "joined as rank " + member.rank() + " of a job of " + size + " ranks"));
            }
            if (i > 0 && present.get(i - 1).rank() == member.rank()) {
                Member other = present.get(i - 1);
                return Optional.of(member.failure(
                        Failure.Cause.DISAGREEMENT,
                        "and process " + other.pid() + " on " + other.host() + " both claim rank " + member.rank()));
            }
        }
        return Optional.empty();
    }

    /** Names the ranks that did not come. */
    static Failure missing(List<Member> present, ClusterSettings settings) {
        List<Integer> absent = IntStream.range(0, settings.size())
                .filter(rank -> present.stream().noneMatch(member -> member.rank() == rank))
                .boxed()
                .toList();
        String names = absent.stream().map(String::valueOf).collect(Collectors.joining(", "));
        String detail = "did not join within " + settings.timeouts().join().toSeconds() + " s"
                + (absent.size() > 1 ? ", nor did the others of ranks " + names : "");
        return new Failure(absent.getFirst(), "?", 0, Failure.Cause.SILENT, detail);
    }
}
