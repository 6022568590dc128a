package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.Tags;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ChangingGaugeTest {
    private static final int PARTITIONS = 10_000;
    private static final int SCRAPES = 20;

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final ChangingGauge gauge = new ChangingGauge("size.bytes", "How large", registry);

    @Test
    void thereAreThoseOfTheLastTime() {
        gauge.set(Map.of(Tags.of("topic", "a"), 1.0, Tags.of("topic", "b"), 2.0));
        var kept = registry.get("size.bytes").tag("topic", "b").gauge();
        gauge.set(Map.of(Tags.of("topic", "b"), 3.0, Tags.of("topic", "c"), 4.0));
        var text = registry.scrape();
        assertFalse(text.contains("topic=\"a\""), text);
        assertTrue(text.contains("size_bytes{topic=\"b\"} 3.0") && text.contains("size_bytes{topic=\"c\"} 4.0"), text);
        assertSame(kept, registry.get("size.bytes").tag("topic", "b").gauge());
        gauge.set(Map.of());
        assertEquals(0, registry.getMeters().size());
    }

    /// A scrape of ten thousand partitions is to take a tenth of a second. This one is given ten times as long, for
    /// machines that do other things too.
    @Test
    void tenThousandAreShownQuickly() {
        var bestNanos = Long.MAX_VALUE;
        for (var scrape = 0; scrape < SCRAPES; scrape++) {
            var begunNanos = System.nanoTime();
            var sizes = new HashMap<Tags, Double>();
            for (var partition = 0; partition < PARTITIONS; partition++) {
                sizes.put(
                        Tags.of("topic", "topic-" + partition / 10, "partition", Integer.toString(partition % 10)),
                        (double) scrape * partition);
            }
            gauge.set(sizes);
            assertTrue(registry.scrape().length() > 40 * PARTITIONS);
            bestNanos = Math.min(bestNanos, System.nanoTime() - begunNanos);
        }
        var millis = TimeUnit.NANOSECONDS.toMillis(bestNanos);
        System.out.println("/metrics with " + PARTITIONS + " partitions, each with its size: " + millis + " ms");
        assertTrue(millis < 1000, millis + " ms");
    }
}
