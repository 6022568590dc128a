package io.weirlog.server;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.MetadataImage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/// How the cluster is doing, by this node's image of the metadata. All nodes tell the same, up to how far each of them
/// has followed: take the highest of what they tell.
final class ClusterMeters implements AutoCloseable {
    private final MeterRegistry registry;
    private final Supplier<MetadataImage> image;
    private final List<Meter> meters = new ArrayList<>();

    /// All partitions are counted once for each image, however many meters ask.
    private Counts newest = Counts.of(MetadataImage.EMPTY);

    private record Counts(
            MetadataImage image, long brokers, long fenced, long partitions, long offline, long underReplicated) {
        static Counts of(MetadataImage image) {
            long offline = 0;
            long underReplicated = 0;
            for (var topic : image.topics()) {
                for (var partition : topic.partitions()) {
                    if (partition.leader().isEmpty()) {
                        offline++;
                    }
                    // A replica that a move is about to add is not missed yet.
                    if (!partition.inSyncReplicas().containsAll(partition.settledReplicas())) {
                        underReplicated++;
                    }
                }
            }
            long fenced = image.brokers().stream().filter(BrokerImage::fenced).count();
            return new Counts(image, image.brokers().size(), fenced, image.partitionCount(), offline, underReplicated);
        }
    }

    ClusterMeters(MeterRegistry registry, Supplier<MetadataImage> image) {
        this.registry = registry;
        this.image = image;
        gauge("weirlog.cluster.brokers", "Brokers that are registered", Counts::brokers);
        gauge("weirlog.cluster.brokers.fenced", "Brokers that are out of service", Counts::fenced);
        gauge("weirlog.cluster.partitions", "Partitions of all topics", Counts::partitions);
        gauge("weirlog.cluster.partitions.offline", "Partitions without a leader", Counts::offline);
        gauge(
                "weirlog.cluster.partitions.under.replicated",
                "Partitions with a replica that is not in sync",
                Counts::underReplicated);
    }

    private void gauge(String name, String description, ToDoubleFunction<Counts> value) {
        meters.add(Gauge.builder(name, () -> value.applyAsDouble(counts()))
                .description(description)
                .register(registry));
    }

    private synchronized Counts counts() {
        var now = image.get();
        if (!newest.image().equals(now)) {
            newest = Counts.of(now);
        }
        return newest;
    }

    @Override
    public void close() {
        meters.forEach(registry::remove);
    }
}
