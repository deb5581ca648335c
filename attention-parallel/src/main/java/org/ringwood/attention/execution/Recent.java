package org.ringwood.attention.execution;

import java.util.LinkedHashMap;
import java.util.function.Function;

/** Remembers what was made for the keys that were asked for last. */
final class Recent<K, V> {
    private final int capacity;
    private final LinkedHashMap<K, V> values = new LinkedHashMap<>();

    Recent(int capacity) {
        this.capacity = capacity;
    }

    V get(K key, Function<K, V> make) {
        V value = values.remove(key);
        if (value == null) {
            value = make.apply(key);
        }
        values.putLast(key, value);
        if (values.size() > capacity) {
            values.pollFirstEntry();
        }
        return value;
    }
}
