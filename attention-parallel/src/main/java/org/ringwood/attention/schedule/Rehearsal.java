package org.ringwood.attention.schedule;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.stream.IntStream;
import org.ringwood.attention.Weights;
import org.ringwood.attention.plan.Plan;
import org.ringwood.collectives.TrafficLedger.Traffic;

/**
 * A plan played through on paper, all ranks together: what a rank receives comes when its sender could send it, so who waits for a
 * slower rank makes the next one wait.
 */
final class Rehearsal {
    private final CostModel model;
    private final List<Performer> performers;
    private final PriorityQueue<Turn> turns = new PriorityQueue<>();
    private final Map<Leg.Envelope, Flight> flights = new HashMap<>();
    private final Map<Leg.Envelope, Turn> receivers = new HashMap<>();
    private final List<List<Turn>> meetings = new ArrayList<>();

    /** A step of a rank that may be taken from some time on. */
    private record Turn(double time, int rank, int step) implements Comparable<Turn> {
        @Override
        public int compareTo(Turn other) {
            int order = Double.compare(time, other.time);
            order = order != 0 ? order : Integer.compare(rank, other.rank);
            return order != 0 ? order : Integer.compare(step, other.step);
        }

        Turn notBefore(double other) {
            return new Turn(Math.max(time, other), rank, step);
        }
    }

    /** From when to when the bytes of a message leave. */
    private record Flight(double begin, double end) {}

    Rehearsal(CostModel model, Plan plan, Weights speeds) {
        this.model = model;
        this.performers = IntStream.range(0, plan.ranks())
                .parallel()
                .mapToObj(rank -> new Performer(
                        rank,
                        model.flopsPerSecond() * speeds.overLeast(rank),
                        plan.steps(rank).stream()
                                .map(step -> Leg.of(plan, rank, step))
                                .toList()))
                .toList();
        shareCards(plan);
    }

    /** A node's network cards are shared by those of its ranks that send across. */
    private void shareCards(Plan plan) {
        for (List<Integer> ranks : plan.problem().topology().ranksByNode()) {
            long crossing = ranks.stream()
                    .filter(rank -> plan.prediction(rank).traffic().bytesAcrossNodes() > 0)
                    .count();
            double share = Math.min(1, (double) model.cards() / Math.max(1, crossing));
            ranks.forEach(rank -> performers.get(rank).across.bytesPerSecond *= share);
        }
    }

    /** When the last rank ends. */
    double seconds() {
        performers.forEach(Performer::begin);
        for (Turn turn = turns.poll(); turn != null; turn = turns.poll()) {
            performers.get(turn.rank).take(turn);
        }
        return performers.stream().mapToDouble(Performer::end).max().orElse(0);
    }

    private void fly(Leg.Envelope envelope, Flight flight) {
        flights.put(envelope, flight);
        Turn receiver = receivers.remove(envelope);
        if (receiver != null) {
            turns.add(receiver.notBefore(flight.begin));
        }
    }

    private void expect(Leg.Envelope envelope, Turn receiver) {
        Flight flight = flights.get(envelope);
        if (flight == null) {
            receivers.put(envelope, receiver);
        } else {
            turns.add(receiver.notBefore(flight.begin));
        }
    }

    /** The last rank that comes to a meeting lets all go on. */
    private void meet(int number, Turn comer) {
        if (number == meetings.size()) {
            meetings.add(new ArrayList<>());
        }
        List<Turn> present = meetings.get(number);
        present.add(comer);
        if (present.size() == performers.size()) {
            present.forEach(turn -> turns.add(turn.notBefore(comer.time)));
        }
    }

    /** What does one thing after the other. */
    private static final class Lane {
        private double free;

        /** When something ends that may start at {@code ready} and takes {@code seconds}. */
        double take(double ready, double seconds) {
            free = Math.max(free, ready) + seconds;
            return free;
        }
    }

    /** What a rank sends and receives over, in both directions at once. */
    private static final class Link {
        private double bytesPerSecond;
        private final Lane outward = new Lane();
        private final Lane inward = new Lane();

        Link(double bytesPerSecond) {
            this.bytesPerSecond = bytesPerSecond;
        }

        double seconds(long bytes) {
            return bytes / bytesPerSecond;
        }
    }

    /** A rank. */
    private final class Performer {
        private final int rank;
        private final double flopsPerSecond;
        private final List<Leg> legs;
        private final List<List<Integer>> following = new ArrayList<>();
        private final int[] missing;
        private final double[] ready;
        private final Lane device = new Lane();
        private final Link within = new Link(model.bytesPerSecondWithin());
        private final Link across = new Link(model.bytesPerSecondAcross());
        private int met;
        private int ended;
        private double last;

        Performer(int rank, double flopsPerSecond, List<Leg> legs) {
            this.rank = rank;
            this.flopsPerSecond = flopsPerSecond;
            this.legs = legs;
            this.missing = new int[legs.size()];
            this.ready = new double[legs.size()];
            for (Leg leg : legs) {
                missing[following.size()] = leg.after().size();
                leg.after().forEach(before -> following.get(before).add(following.size()));
                following.add(new ArrayList<>(1));
            }
        }

        void begin() {
            for (int step = 0; step < missing.length; step++) {
                if (legs.get(step).after().isEmpty()) {
                    queue(step);
                }
            }
        }

        double end() {
            if (ended < legs.size()) {
                throw new IllegalStateException("the ranks of a plan wait for each other, rank " + rank + " with "
                        + ended + " of " + legs.size() + " steps done");
            }
            return last;
        }

        private void queue(int step) {
            Turn turn = new Turn(ready[step], rank, step);
            switch (legs.get(step)) {
                case Leg.Kernel _, Leg.Sending _ -> turns.add(turn);
                case Leg.Receiving receiving -> expect(receiving.envelope(), turn);
                case Leg.Reduction _ -> meet(met++, turn);
            }
        }

        void take(Turn turn) {
            double end = switch (legs.get(turn.step)) {
                case Leg.Kernel kernel -> device.take(turn.time, kernel.flops() / flopsPerSecond);
                case Leg.Sending sending -> send(sending, turn.time) + model.latencySeconds();
                case Leg.Receiving receiving -> receive(receiving, turn.time) + model.latencySeconds();
                case Leg.Reduction reduction -> turn.time + seconds(reduction.traffic());
            };
            ended++;
            last = Math.max(last, end);
            for (int next : following.get(turn.step)) {
                ready[next] = Math.max(ready[next], end);
                if (--missing[next] == 0) {
                    queue(next);
                }
            }
        }

        private double send(Leg.Sending sending, double time) {
            Link link = link(sending);
            double seconds = link.seconds(sending.bytes());
            double end = link.outward.take(time, seconds);
            fly(sending.envelope(), new Flight(end - seconds, end));
            return end;
        }

        private double receive(Leg.Receiving receiving, double time) {
            Flight flight = Objects.requireNonNull(flights.remove(receiving.envelope()));
            Link link = link(receiving);
            double end = link.inward.take(time, link.seconds(receiving.bytes()));
            return Math.max(end, flight.end);
        }

        private Link link(Leg.Message message) {
            return message.sameNode() ? within : across;
        }

        private double seconds(Traffic traffic) {
            return within.seconds(traffic.bytesWithinNode())
                    + across.seconds(traffic.bytesAcrossNodes())
                    + traffic.hops() * model.latencySeconds();
        }
    }
}
