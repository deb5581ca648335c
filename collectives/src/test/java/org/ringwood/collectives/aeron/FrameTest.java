package org.ringwood.collectives.aeron;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.ringwood.collectives.transport.Envelope;

class FrameTest {
    private static final int LARGEST = 300;

    private final long seed = new Random().nextLong();
    private final Random random = new Random(seed);
    private final Checksum checksum = new Checksum();

    @RepeatedTest(100)
    void readsWhatWasWritten() {
        Frame frame = anyFrame();
        Frame read = Objects.requireNonNull(Frame.read(written(frame)), "seed " + seed);
        assertThat(read.kind()).as("seed %d", seed).isEqualTo(frame.kind());
        assertThat(read.envelope()).as("seed %d", seed).isEqualTo(frame.envelope());
        assertThat(read.offset()).as("seed %d", seed).isEqualTo(frame.offset());
        assertThat(read.payload().mismatch(frame.payload())).as("seed %d", seed).isEqualTo(-1);
    }

    @RepeatedTest(20)
    void noticesEveryFlippedBit() {
        MemorySegment bytes = written(anyFrame());
        assertThat(checksum.isIntact(bytes)).as("seed %d", seed).isTrue();
        for (long bit = 0; bit < 8 * bytes.byteSize(); bit++) {
            flip(bytes, bit);
            assertThat(checksum.isIntact(bytes))
                    .as("bit %d flipped, seed %d", bit, seed)
                    .isFalse();
            flip(bytes, bit);
        }
    }

    @Test
    void takesNothingShorterThanItsHeader() {
        MemorySegment bytes = written(anyFrame()).asSlice(0, Frame.HEADER_BYTES - 1);
        assertThat(checksum.isIntact(bytes)).isFalse();
        assertThat(checksum.isIntact(MemorySegment.ofArray(new byte[0]))).isFalse();
    }

    @Test
    void doesNotReadOtherVersionsOrKinds() {
        MemorySegment bytes = written(anyFrame());
        byte version = bytes.get(ValueLayout.JAVA_BYTE, 4);
        bytes.set(ValueLayout.JAVA_BYTE, 4, (byte) (version + 1));
        assertThat(Frame.read(bytes)).isNull();
        bytes.set(ValueLayout.JAVA_BYTE, 4, version);
        for (int kind : new int[] {0, 8, 255}) {
            bytes.set(ValueLayout.JAVA_BYTE, 5, (byte) kind);
            assertThat(Frame.read(bytes)).isNull();
        }
    }

    private Frame anyFrame() {
        Frame.Kind[] kinds = Frame.Kind.values();
        byte[] payload = new byte[random.nextInt(LARGEST)];
        random.nextBytes(payload);
        Envelope envelope = new Envelope(
                random.nextLong(),
                random.nextInt(),
                random.nextInt(),
                random.nextInt(),
                random.nextInt(),
                random.nextLong(),
                random.nextInt(),
                random.nextInt(),
                random.nextLong(),
                random.nextLong());
        return new Frame(
                kinds[random.nextInt(kinds.length)], envelope, random.nextLong(), MemorySegment.ofArray(payload));
    }

    private MemorySegment written(Frame frame) {
        MemorySegment bytes = MemorySegment.ofArray(
                new byte[Frame.HEADER_BYTES + (int) frame.payload().byteSize()]);
        frame.writeTo(bytes);
        checksum.seal(bytes);
        return bytes;
    }

    private static void flip(MemorySegment bytes, long bit) {
        byte old = bytes.get(ValueLayout.JAVA_BYTE, bit / 8);
        bytes.set(ValueLayout.JAVA_BYTE, bit / 8, (byte) (old ^ 1 << bit % 8));
    }
}
