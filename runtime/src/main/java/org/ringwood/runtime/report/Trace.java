package org.ringwood.runtime.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.ringwood.runtime.files.WholeFile;

/**
 * What one rank did when, for a trace that Chrome's {@code about:tracing} and Perfetto show: a rank is a process there, a lane a
 * thread.
 *
 * @param rank its rank
 * @param host where it ran
 * @param events in any order
 */
public record Trace(int rank, String host, List<Event> events) {
    /**
     * Something that took a while.
     *
     * @param lane what it happened on, such as {@code compute} or {@code send}
     * @param name what happened
     * @param startMicros microseconds since a moment that is the same for all ranks
     * @param micros how long
     */
    public record Event(String lane, String name, double startMicros, double micros) {}

    /** Copies the list. */
    public Trace {
        events = List.copyOf(events);
    }

    /** As JSON, for the way to whoever writes the trace. */
    public String toJson() {
        return JsonFormat.text(this);
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws IllegalArgumentException if the text is something else
     */
    public static Trace fromJson(String json) {
        return JsonFormat.read(Trace.class, json);
    }

    /**
     * Writes the traces of all ranks into one file, whole or not at all.
     *
     * @throws org.ringwood.runtime.files.InputException if the file cannot be written
     */
    public static void write(Path file, List<Trace> ranks) {
        WholeFile.write(file, out -> {
            try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
                json.writeStartObject();
                json.writeStringField("displayTimeUnit", "ms");
                json.writeArrayFieldStart("traceEvents");
                for (Trace rank : ranks) {
                    rank.writeTo(json);
                }
                json.writeEndArray();
                json.writeEndObject();
            }
        });
    }

    private void writeTo(JsonGenerator json) throws IOException {
        writeName(json, "process_name", 0, "rank " + rank + " on " + host);
        Map<String, Integer> lanes = new LinkedHashMap<>();
        for (Event event : events) {
            Integer lane = lanes.get(event.lane());
            if (lane == null) {
                lane = lanes.size();
                lanes.put(event.lane(), lane);
                writeName(json, "thread_name", lane, event.lane());
            }
            json.writeStartObject();
            json.writeStringField("name", event.name());
            json.writeStringField("ph", "X");
            json.writeNumberField("pid", rank);
            json.writeNumberField("tid", lane);
            json.writeNumberField("ts", event.startMicros());
            json.writeNumberField("dur", event.micros());
            json.writeEndObject();
        }
    }

    /** A metadata event: what the viewer calls a process or a thread. */
    private void writeName(JsonGenerator json, String what, int lane, String name) throws IOException {
        json.writeStartObject();
        json.writeStringField("name", what);
        json.writeStringField("ph", "M");
        json.writeNumberField("pid", rank);
        json.writeNumberField("tid", lane);
        json.writeObjectFieldStart("args");
        json.writeStringField("name", name);
        json.writeEndObject();
        json.writeEndObject();
    }
}
