package io.weirlog.metadata.ratis;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.ratis.metrics.LongCounter;
import org.apache.ratis.metrics.MetricRegistryInfo;
import org.apache.ratis.metrics.RatisMetricRegistry;
import org.apache.ratis.metrics.Timekeeper;

/// The metrics of one part of Ratis. Their names become `ratis.PART.NAME`, with the member's own name cut out, so
/// that all nodes have the same.
final class MeterGroup implements RatisMetricRegistry {
    private static final Pattern MEMBER = Pattern.compile("\\d*@?group-[0-9A-F]{12}[:_.]?");
    private static final Pattern FOREIGN = Pattern.compile("[^A-Za-z0-9]+");

    private final MetricRegistryInfo info;
    private final MeterRegistry registry;
    private final Map<String, Timer> timers = new ConcurrentHashMap<>();
    private final Map<String, LongCounter> counters = new ConcurrentHashMap<>();
    private final Map<String, Meter> meters = new ConcurrentHashMap<>();

    MeterGroup(MetricRegistryInfo info, MeterRegistry registry) {
        this.info = info;
        this.registry = registry;
    }

    static String meterName(String part, String name) {
        var cut = MEMBER.matcher(name).replaceAll("");
        return ("ratis." + FOREIGN.matcher(part).replaceAll(".") + "."
                        + FOREIGN.matcher(cut).replaceAll("."))
                .toLowerCase(Locale.ROOT);
    }

    private String meterName(String name) {
        return meterName(info.getMetricsComponentName(), name);
    }

    @Override
    public Timekeeper timer(String name) {
        var timer = timers.computeIfAbsent(name, key -> kept(key, registry.timer(meterName(key))));
        return () -> {
            long begun = System.nanoTime();
            return () -> {
                long nanos = System.nanoTime() - begun;
                timer.record(nanos, TimeUnit.NANOSECONDS);
                return nanos;
            };
        };
    }

    @Override
    public LongCounter counter(String name) {
        return counters.computeIfAbsent(name, key -> new EventCounter(kept(key, registry.counter(meterName(key)))));
    }

    private record EventCounter(Counter counter) implements LongCounter {
        @Override
        public void inc(long n) {
            counter.increment((double) n);
        }

        /// Ratis never does; a counter of events cannot.
        @Override
        public void dec(long n) {}

        @Override
        public long getCount() {
            return (long) counter.count();
        }
    }

    @Override
    public <T> void gauge(String name, Supplier<Supplier<T>> gaugeSupplier) {
        var value = gaugeSupplier.get();
        kept(
                name,
                Gauge.builder(meterName(name), () -> value.get() instanceof Number number ? number : Double.NaN)
                        .register(registry));
    }

    private <M extends Meter> M kept(String name, M meter) {
        meters.put(name, meter);
        return meter;
    }

    @Override
    public boolean remove(String name) {
        timers.remove(name);
        counters.remove(name);
        var meter = meters.remove(name);
        if (meter == null) {
            return false;
        }
        registry.remove(meter);
        return true;
    }

    @Override
    public MetricRegistryInfo getMetricRegistryInfo() {
        return info;
    }

    void close() {
        meters.values().forEach(registry::remove);
        meters.clear();
    }
}
