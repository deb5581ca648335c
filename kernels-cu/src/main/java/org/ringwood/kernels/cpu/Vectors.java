package org.ringwood.kernels.cpu;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.MUL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vectors of this JVM's kernels. The property {@code org.ringwood.kernels.vector.bits} (128, 256 or 512) asks for another
 * width than the machine's own. Every width gives the same bits: a lane is a query or an element of its own, and what is added
 * up over lanes has an order that does not depend on their number.
 */
final class Vectors {
    /** Constant, as C2 turns vector operations into instructions only for a species that it knows. */
    static final VectorSpecies<Float> FLOATS = species();

    static final int LENGTH = FLOATS.length();

    /** Whether the processor has 32 vector registers or more, and not 16. */
    static final boolean MANY_REGISTERS =
            FLOATS.vectorBitSize() == 512 || System.getProperty("os.arch", "").equals("aarch64");

    private Vectors() {}

    private static VectorSpecies<Float> species() {
        // A JVM that compiles no vectors prefers shorter ones than the kernels are written for.
        int preferred = Math.clamp(FloatVector.SPECIES_PREFERRED.vectorBitSize(), 128, 512);
        int bits = Integer.getInteger("org.ringwood.kernels.vector.bits", preferred);
        return switch (bits) {
            case 128 -> FloatVector.SPECIES_128;
            case 256 -> FloatVector.SPECIES_256;
            case 512 -> FloatVector.SPECIES_512;
            default ->
                throw new IllegalArgumentException(
                        "org.ringwood.kernels.vector.bits is " + bits + ": it must be 128, 256 or 512");
        };
    }

    /** Whether the numbers {@code [from, to)} are all finite. */
    static boolean allFinite(float[] numbers, int from, int to) {
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector probe = zero;
        int i = from;
        for (; i + LENGTH <= to; i += LENGTH) {
            // 0 · x is 0 for a finite x and not a number for any other.
            probe = FloatVector.fromArray(FLOATS, numbers, i)
                    .lanewise(MUL, zero)
                    .lanewise(ADD, probe);
        }
        boolean finite = probe.compare(EQ, 0).allTrue();
        for (; i < to; i++) {
            finite &= Float.isFinite(numbers[i]);
        }
        return finite;
    }
}
