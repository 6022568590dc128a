package io.weirlog.server;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.HashMap;
import java.util.Map;

/// One value for each of something of which there are now more and now fewer. What stays keeps its meter, so that a
/// scrape of thousands of them costs little more than their text.
public final class ChangingGauge {
    private final String name;
    private final String description;
    private final MeterRegistry registry;
    private final Map<Tags, Row> rows = new HashMap<>();

    private static final class Row {
        final Gauge gauge;
        volatile double value;

        Row(Tags tags, ChangingGauge owner) {
            this.gauge = Gauge.builder(owner.name, this, row -> row.value)
                    .description(owner.description)
                    .tags(tags)
                    .strongReference(true)
                    .register(owner.registry);
        }
    }

    public ChangingGauge(String name, String description, MeterRegistry registry) {
        this.name = name;
        this.description = description;
        this.registry = registry;
    }

    /// From now on there are these and no others.
    public synchronized void set(Map<Tags, Double> values) {
        rows.entrySet().removeIf(row -> {
            var gone = !values.containsKey(row.getKey());
            if (gone) {
                registry.remove(row.getValue().gauge);
            }
            return gone;
        });
        values.forEach((tags, value) -> rows.computeIfAbsent(tags, added -> new Row(added, this)).value = value);
    }
}
