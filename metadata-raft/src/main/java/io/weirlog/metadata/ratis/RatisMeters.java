package io.weirlog.metadata.ratis;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.ratis.metrics.MetricRegistries;
import org.apache.ratis.metrics.MetricRegistryInfo;
import org.apache.ratis.metrics.RatisMetricRegistry;
import org.apache.ratis.util.RefCountingMap;
import org.apache.ratis.util.TimeDuration;

/// Ratis' metrics as meters of Micrometer. Ratis keeps its metrics once for the whole process; each group of them
/// names the member it is about, and goes to the registry of that member's node.
public abstract class RatisMeters extends MetricRegistries {
    private static final Map<String, MeterRegistry> REGISTRIES = new ConcurrentHashMap<>();

    private final RefCountingMap<MetricRegistryInfo, MeterGroup> groups = new RefCountingMap<>();

    /// Sends the metrics of the member from now on to `registry`.
    static void route(String member, MeterRegistry registry) {
        REGISTRIES.put(member, registry);
    }

    static void unroute(String member, MeterRegistry registry) {
        REGISTRIES.remove(member, registry);
    }

    /// A group's prefix is `MEMBER` or `MEMBER@group-…`, sometimes with more behind it.
    private static MeterRegistry registryOf(MetricRegistryInfo info) {
        var prefix = info.getPrefix();
        int end = 0;
        while (end < prefix.length() && Character.isDigit(prefix.charAt(end))) {
            end++;
        }
        return REGISTRIES.getOrDefault(prefix.substring(0, end), new CompositeMeterRegistry());
    }

    @Override
    public RatisMetricRegistry create(MetricRegistryInfo info) {
        return groups.put(info, () -> new MeterGroup(info, registryOf(info)));
    }

    @Override
    public boolean remove(MetricRegistryInfo info) {
        var group = groups.get(info);
        boolean gone = groups.remove(info) == null;
        if (gone && group != null) {
            group.close();
        }
        return gone;
    }

    @Override
    public Optional<RatisMetricRegistry> get(MetricRegistryInfo info) {
        return Optional.ofNullable(groups.get(info));
    }

    @Override
    public Set<MetricRegistryInfo> getMetricRegistryInfos() {
        return Set.copyOf(groups.keySet());
    }

    @Override
    public Collection<RatisMetricRegistry> getMetricRegistries() {
        return List.copyOf(groups.values());
    }

    @Override
    public void clear() {
        groups.values().forEach(MeterGroup::close);
        groups.clear();
    }

    /// Reporting is the registries' own business.
    @Override
    public void addReporterRegistration(
            Consumer<RatisMetricRegistry> reporterRegistration, Consumer<RatisMetricRegistry> stopReporter) {}

    @Override
    public void enableJmxReporter() {}

    @Override
    public void enableConsoleReporter(TimeDuration consoleReportRate) {}
}
