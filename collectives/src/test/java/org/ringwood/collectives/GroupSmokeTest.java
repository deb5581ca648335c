package org.ringwood.collectives;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.*;
import org.junit.jupiter.api.Test;

class GroupSmokeTest {
    @Test
    void works() {
        for (int p = 1; p <= 8; p++) {
            int size = p;
            RankThreads.run(ProcessGroups.inProcess(p), g -> {
                GroupMemory m = g.allocate(8);
                m.segment().set(ValueLayout.JAVA_LONG, 0, 1L << g.rank());
                g.allReduce(
                        m.segment(),
                        8,
                        (l, h, i) -> i.set(
                                ValueLayout.JAVA_LONG,
                                0,
                                l.get(ValueLayout.JAVA_LONG, 0) | h.get(ValueLayout.JAVA_LONG, 0)));
                assertThat(m.segment().get(ValueLayout.JAVA_LONG, 0)).isEqualTo((1L << size) - 1);
                g.barrier();
                ProcessGroup s = g.split(g.rank() % 2, -g.rank());
                assertThat(s.rank()).isEqualTo((size - 1 - g.rank()) / 2);
                s.barrier();
            });
        }
    }
}
