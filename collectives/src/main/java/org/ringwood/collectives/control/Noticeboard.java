package org.ringwood.collectives.control;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.ringwood.collectives.control.Message.Value;

/** What ranks have published, and who waits for what is not published yet. */
final class Noticeboard {
    /** Characters of keys and values together; a rank that publishes more misuses the rendezvous. */
    private static final long MAX_CHARACTERS = 64L << 20;

    private final Map<String, String> values = new HashMap<>();
    private final Map<String, List<Consumer<Value>>> waiting = new HashMap<>();
    private long characters;

    /** Whether it was taken: not if the key has another value already, or the board is full. */
    boolean publish(String key, String value) {
        String known = values.get(key);
        if (known != null) {
            return known.equals(value);
        }
        characters += key.length() + value.length();
        if (characters > MAX_CHARACTERS) {
            return false;
        }
        values.put(key, value);
        List<Consumer<Value>> takers = waiting.remove(key);
        if (takers != null) {
            takers.forEach(taker -> taker.accept(new Value(key, value)));
        }
        return true;
    }

    /** Hands over the value now or once it is published. */
    void await(String key, Consumer<Value> taker) {
        String value = values.get(key);
        if (value != null) {
            taker.accept(new Value(key, value));
        } else {
            waiting.computeIfAbsent(key, k -> new ArrayList<>()).add(taker);
        }
    }
}
