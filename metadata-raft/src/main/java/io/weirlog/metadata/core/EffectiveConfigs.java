package io.weirlog.metadata.core;

import io.weirlog.common.Durability;
import io.weirlog.common.InvariantViolation;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/// All configs of one topic, the defaults included. Reading a value parses it, so keep what a hot path needs.
public final class EffectiveConfigs {
    /// @param explicit whether the value was set for this topic, and not left at its default
    public record Entry(ConfigKey key, String value, boolean explicit) {}

    private final Map<String, String> explicit;

    EffectiveConfigs(Map<String, String> explicit) {
        this.explicit = new TreeMap<>(explicit);
    }

    /// Every config in the order of the names.
    public List<Entry> entries() {
        return TopicConfigs.keys().values().stream()
                .map(key -> new Entry(key, text(key.name()), explicit.containsKey(key.name())))
                .toList();
    }

    /// The value as it is written.
    public String text(String name) {
        var key = TopicConfigs.keys().get(name);
        if (key == null) {
            throw new InvariantViolation("no topic config " + name);
        }
        return explicit.getOrDefault(name, key.defaultValue());
    }

    public long longValue(String name) {
        return Long.parseLong(text(name));
    }

    /// @throws ArithmeticException if the table allows more than an int for that config
    public int intValue(String name) {
        return Math.toIntExact(longValue(name));
    }

    /// The value of a config that has -1 for "no limit"; empty if there is none.
    public OptionalLong limit(String name) {
        long value = longValue(name);
        return value < 0 ? OptionalLong.empty() : OptionalLong.of(value);
    }

    public double doubleValue(String name) {
        return Double.parseDouble(text(name));
    }

    public boolean booleanValue(String name) {
        return Boolean.parseBoolean(text(name));
    }

    public List<String> list(String name) {
        return ConfigType.SomeOf.split(text(name));
    }

    public Durability durability() {
        return Durability.fromConfig(text(TopicConfigs.DURABILITY)).orElseThrow();
    }
}
