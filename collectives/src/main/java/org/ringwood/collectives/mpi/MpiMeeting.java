package org.ringwood.collectives.mpi;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.ringwood.collectives.Rendezvous;
import org.ringwood.collectives.mpi.MpiLibrary.Communicator;

/** How the ranks of a job find each other among the processes that MPI knows. */
final class MpiMeeting {
    private static final String PLACE = "mpi.place";
    private static final String CONNECTED = "mpi.connected";

    /** MPI promises tags up to this, and this alone is sure. */
    private static final int TAGS = 32_767;

    private final MpiConfig config;
    private final Duration limit;

    private MpiMeeting(MpiConfig config) {
        this.config = config;
        this.limit = config.job().timeouts().join();
    }

    static MpiMeeting of(MpiConfig config) {
        return new MpiMeeting(config);
    }

    /**
     * What a rank tells the others of itself.
     *
     * @param rank in MPI's world
     * @param version of its library
     */
    private record Place(int rank, String version) {
        String encoded() {
            return rank + " " + version;
        }

        static Place decode(String encoded) {
            int space = encoded.indexOf(' ');
            return new Place(Integer.parseInt(encoded, 0, space, 10), encoded.substring(space + 1));
        }
    }

    MpiTransport connect() {
        int size = config.job().size();
        MpiProcess process = MpiProcess.join(config.binding(), size, limit, config.liveness());
        try {
            MpiLibrary library = process.library();
            if (library.size() < size) {
                throw MpiEnvironment.current().tooFew(library.rank(), library.size(), size);
            }
            int[] ranks = meet(new Place(library.rank(), library.version()));
            int tag = (int) Math.floorMod(config.job().nonce(), (long) TAGS);
            Communicator communicator = Patience.await(
                    "MPI_Comm_create_group", limit, config.liveness(), () -> library.connect(ranks, tag));
            awaitConnected();
            return new MpiTransport(config, process, communicator, config.cuda().isThere());
        } catch (RuntimeException e) {
            process.leave(config.liveness().failure());
            throw e;
        }
    }

    /** Until then a rank that fails would leave others in the middle of a call of MPI that they cannot break off. */
    private void awaitConnected() {
        config.rendezvous().publish(Rendezvous.key(CONNECTED, config.rank()), "");
        config.peers().forEach(rank -> config.rendezvous().await(Rendezvous.key(CONNECTED, rank), limit));
    }

    /** The rank in MPI's world of every rank of the job. */
    private int[] meet(Place own) {
        Rendezvous rendezvous = config.rendezvous();
        rendezvous.publish(Rendezvous.key(PLACE, config.rank()), own.encoded());
        Map<Integer, Integer> seen = new HashMap<>();
        return IntStream.range(0, config.job().size())
                .map(rank -> {
                    Place place = Place.decode(rendezvous.await(Rendezvous.key(PLACE, rank), limit));
                    requireSameVersion(own, rank, place);
                    Integer other = seen.put(place.rank(), rank);
                    if (other != null) {
                        throw new IllegalArgumentException(
                                "ranks %d and %d are both rank %d of MPI's: they belong to different starts of mpirun or srun; start all by one"
                                        .formatted(other, rank, place.rank()));
                    }
                    return place.rank();
                })
                .toArray();
    }

    private void requireSameVersion(Place own, int rank, Place place) {
        if (!place.version().equals(own.version())) {
            throw new IllegalArgumentException(
                    "rank %d has the MPI library '%s' and rank %d has '%s': load the same on every node"
                            .formatted(rank, place.version(), config.rank(), own.version()));
        }
    }
}
