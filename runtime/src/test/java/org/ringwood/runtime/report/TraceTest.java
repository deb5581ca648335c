package org.ringwood.runtime.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceTest {
    @TempDir
    private Path directory;

    @Test
    @SuppressWarnings("unchecked")
    void mergesRanksAsProcessesAndLanesAsThreads() throws IOException {
        Trace zero = new Trace(
                0,
                "a",
                List.of(
                        new Trace.Event("compute", "attend [0, 4)", 0.5, 10),
                        new Trace.Event("send", "to 1", 1, 2),
                        new Trace.Event("compute", "attend [4, 8)", 11, 5)));
        Trace one = new Trace(1, "b", List.of(new Trace.Event("send", "to 0", 3, 4)));
        Path file = directory.resolve("trace.json");

        Trace.write(file, List.of(Trace.fromJson(zero.toJson()), one));

        Map<String, Object> json = JSON.std.mapFrom(Files.readString(file));
        List<Map<String, Object>> events = (List<Map<String, Object>>) Objects.requireNonNull(json.get("traceEvents"));
        assertThat(events)
                .containsExactlyInAnyOrder(
                        Map.of(
                                "name",
                                "process_name",
                                "ph",
                                "M",
                                "pid",
                                0,
                                "tid",
                                0,
                                "args",
                                Map.of("name", "rank 0 on a")),
                        Map.of("name", "thread_name", "ph", "M", "pid", 0, "tid", 0, "args", Map.of("name", "compute")),
                        Map.of("name", "thread_name", "ph", "M", "pid", 0, "tid", 1, "args", Map.of("name", "send")),
                        Map.of("name", "attend [0, 4)", "ph", "X", "pid", 0, "tid", 0, "ts", 0.5, "dur", 10.0),
                        Map.of("name", "to 1", "ph", "X", "pid", 0, "tid", 1, "ts", 1.0, "dur", 2.0),
                        Map.of("name", "attend [4, 8)", "ph", "X", "pid", 0, "tid", 0, "ts", 11.0, "dur", 5.0),
                        Map.of(
                                "name",
                                "process_name",
                                "ph",
                                "M",
                                "pid",
                                1,
                                "tid",
                                0,
                                "args",
                                Map.of("name", "rank 1 on b")),
                        Map.of("name", "thread_name", "ph", "M", "pid", 1, "tid", 0, "args", Map.of("name", "send")),
                        Map.of("name", "to 0", "ph", "X", "pid", 1, "tid", 0, "ts", 3.0, "dur", 4.0));
    }
}
