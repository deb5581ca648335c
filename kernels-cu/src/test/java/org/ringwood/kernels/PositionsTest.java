package org.ringwood.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PositionsTest {
    @Test
    void rowsAndSlicesAreThoseOfTheListOfPositions() {
        for (int seed = 0; seed < 1000; seed++) {
            Random random = new Random(seed);
            List<Chunk> chunks = new ArrayList<>();
            long at = 0;
            for (int i = random.nextInt(6); i > 0; i--) {
                at += random.nextInt(3);
                long to = at + random.nextInt(5);
                chunks.add(new Chunk(at, to));
                at = to;
            }
            Collections.shuffle(chunks, random);
            List<Long> expected = new ArrayList<>();
            chunks.forEach(chunk -> expected.addAll(list(Positions.of(List.of(chunk)))));
            Positions positions = Positions.of(chunks);
            assertThat(list(positions)).as("seed %d", seed).isEqualTo(expected);
            int from = random.nextInt(expected.size() + 1);
            int to = from + random.nextInt(expected.size() - from + 1);
            assertThat(list(positions.slice(from, to))).as("seed %d", seed).isEqualTo(expected.subList(from, to));
            for (int i = 0; i < positions.chunks().size(); i++) {
                long row = positions.firstRow(i);
                assertThat(positions.position(row))
                        .isEqualTo(positions.chunks().get(i).from());
            }
        }
    }

    @Test
    void adjoiningChunksJoinAndEmptyOnesVanish() {
        Positions positions = Positions.of(List.of(new Chunk(4, 4), new Chunk(3, 5), new Chunk(5, 9), new Chunk(1, 2)));
        assertThat(positions.chunks()).containsExactly(new Chunk(3, 9), new Chunk(1, 2));
        assertThat(positions).isEqualTo(Positions.of(List.of(new Chunk(3, 9), new Chunk(1, 2))));
    }

    @Test
    void aPositionThatOccursTwiceIsRefused() {
        assertThatThrownBy(() -> Positions.of(List.of(new Chunk(5, 9), new Chunk(0, 6))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("positions [0, 6) and [5, 9) overlap: a token has one row");
    }

    @Test
    void rowsOutsideAreRefused() {
        Positions positions = Positions.range(10, 20);
        assertThatThrownBy(() -> positions.position(10)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> positions.position(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> positions.slice(3, 11)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    private static List<Long> list(Positions positions) {
        List<Long> list = new ArrayList<>();
        for (long row = 0; row < positions.rows(); row++) {
            list.add(positions.position(row));
        }
        return list;
    }
}
