package org.ringwood.collectives.mpi;

import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Whether MPI is given memory of a GPU as it lies there. {@link #AUTO} asks the library, by {@code MPIX_Query_cuda_support}; one that has no such function does not take
 * it. The property {@value #PROPERTY} asks for one of them ({@code auto}, {@code on}, {@code off}).
 */
public enum CudaAwareness {
    /** If the library says that it takes it. */
    AUTO {
        @Override
        boolean isThere() {
            return MpiBinding.openMpi().isCudaAware();
        }
    },
    /** Always; MPI ends the process, or sends what is not the payload, if it can't. */
    ON {
        @Override
        boolean isThere() {
            return true;
        }
    },
    /** Never. */
    OFF {
        @Override
        boolean isThere() {
            return false;
        }
    };

    /** Names it. */
    public static final String PROPERTY = "ringwood.mpi.cuda";

    abstract boolean isThere();

    /** @throws IllegalArgumentException if the property names none */
    static CudaAwareness fromProperties() {
        String name = System.getProperty(PROPERTY, "auto");
        return Stream.of(values())
                .filter(awareness -> awareness.name().toLowerCase(Locale.ROOT).equals(name))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException("%s=%s is none of auto, on and off".formatted(PROPERTY, name)));
    }

    /** Whether a segment is memory of a device: it has an address, but no thread may touch it. */
    static boolean isOnDevice(MemorySegment memory) {
        return memory.isNative() && !memory.isAccessibleBy(Thread.currentThread());
    }
}
