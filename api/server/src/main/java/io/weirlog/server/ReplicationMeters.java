package io.weirlog.server;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.weirlog.common.BrokerId;
import io.weirlog.replication.BadInput;
import io.weirlog.replication.PartitionStatus;
import io.weirlog.replication.Partitions;
import io.weirlog.replication.ReplicationStats;
import io.weirlog.replication.core.ReplicaLag;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/// How the partitions of a broker are replicated, and how large they are. Topics and partitions are told apart only up
/// to a bound, the largest ones: a scrape must stay small however many there are.
final class ReplicationMeters implements AutoCloseable {
    private static final int TOPICS_MAX = 1_000;
    private static final int PARTITIONS_MAX = 10_000;
    private static final Duration[] LATENCIES = {
        Duration.ofNanos(200_000),
        Duration.ofNanos(500_000),
        Duration.ofMillis(1),
        Duration.ofMillis(2),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(20),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(500),
        Duration.ofSeconds(2),
        Duration.ofSeconds(10)
    };

    private final MeterRegistry registry;
    private final Partitions partitions;
    private final boolean perPartition;
    private final List<Meter> meters = new ArrayList<>();
    private final List<ChangingGauge> changing = new ArrayList<>();
    private final ChangingGauge lagRecords;
    private final ChangingGauge lagSeconds;
    private final ChangingGauge credit;
    private final ChangingGauge topicBytes;
    private final ChangingGauge topicBytesMax;
    private final ChangingGauge partitionBytes;

    /// @param perPartition whether each partition's size is told, beside the topics'
    ReplicationMeters(MeterRegistry registry, Partitions partitions, boolean perPartition) {
        this.registry = registry;
        this.partitions = partitions;
        this.perPartition = perPartition;
        leading(
                "weirlog.partitions.under.replicated",
                "Partitions led here with a replica that is not in sync",
                PartitionStatus::underReplicated);
        leading(
                "weirlog.partitions.under.min.isr",
                "Partitions led here with fewer replicas in sync than min.insync.replicas",
                PartitionStatus::underMinInSync);
        counter(
                "weirlog.replication.isr.shrinks",
                "In-sync sets led here that lost a replica",
                ReplicationStats::isrShrinks);
        counter(
                "weirlog.replication.isr.expands",
                "In-sync sets led here that got a replica",
                ReplicationStats::isrExpands);
        counter(
                "weirlog.replication.follower.read.bytes",
                "Read by consumers from partitions that other brokers lead",
                ReplicationStats::followerReadBytes);
        for (var kind : BadInput.values()) {
            meters.add(FunctionCounter.builder(
                            "weirlog.replication.refused", partitions.replicationStats(), stats -> stats.refused(kind))
                    .tag("kind", kind.name().toLowerCase(Locale.ROOT))
                    .description("What other brokers sent that makes no sense")
                    .register(registry));
        }
        lagRecords = changing("weirlog.replication.lag.records", "The most that a follower lacks of any partition");
        lagSeconds = changing("weirlog.replication.lag.seconds", "The longest that a follower was not caught up");
        credit = changing("weirlog.replication.stream.credit.bytes", "What a follower may still be sent");
        topicBytes = changing("weirlog.topic.size.bytes", "The topic's partitions on this broker together");
        topicBytesMax = changing("weirlog.topic.partition.size.bytes.max", "The topic's largest partition here");
        partitionBytes = changing("weirlog.partition.size.bytes", "The partition on this broker");
        var latency = Timer.builder("weirlog.replication.watermark.latency")
                .description("From a write by the leader until the high watermark had passed it")
                .serviceLevelObjectives(LATENCIES)
                .register(registry);
        meters.add(latency);
        partitions.replicationStats().onWatermarkNanos(nanos -> latency.record(nanos, TimeUnit.NANOSECONDS));
    }

    private void leading(String name, String description, Predicate<PartitionStatus> condition) {
        meters.add(Gauge.builder(
                        name,
                        partitions,
                        held -> held.statuses().stream().filter(condition).count())
                .description(description)
                .register(registry));
    }

    private void counter(String name, String description, ToLongFunction<ReplicationStats> value) {
        meters.add(FunctionCounter.builder(name, partitions.replicationStats(), value::applyAsLong)
                .description(description)
                .register(registry));
    }

    private ChangingGauge changing(String name, String description) {
        var gauge = new ChangingGauge(name, description, registry);
        changing.add(gauge);
        return gauge;
    }

    /// Brings up to date what is told by follower, topic or partition.
    void refresh() {
        var statuses = partitions.statuses();
        var lags = new TreeMap<BrokerId, ReplicaLag>();
        statuses.forEach(
                status -> status.lags().forEach((follower, lag) -> lags.merge(follower, lag, ReplicaLag::max)));
        rows(lagRecords, "follower", lags, ReplicaLag::records);
        rows(lagSeconds, "follower", lags, lag -> lag.millis() / 1e3);
        rows(credit, "follower", partitions.followerCreditBytes(), Long::doubleValue);
        var sums = statuses.stream()
                .collect(Collectors.groupingBy(
                        PartitionStatus::topic, Collectors.summingLong(PartitionStatus::sizeBytes)));
        var most = statuses.stream()
                .collect(Collectors.toMap(PartitionStatus::topic, PartitionStatus::sizeBytes, Math::max));
        var topics = largest(sums);
        most.keySet().retainAll(topics.keySet());
        rows(topicBytes, "topic", topics, Long::doubleValue);
        rows(topicBytesMax, "topic", most, Long::doubleValue);
        if (perPartition) {
            var sizes = new HashMap<Tags, Double>();
            statuses.stream()
                    .sorted(Comparator.comparingLong(PartitionStatus::sizeBytes).reversed())
                    .limit(PARTITIONS_MAX)
                    .forEach(status -> sizes.put(
                            Tags.of("topic", status.topic(), "partition", Integer.toString(status.partition())),
                            (double) status.sizeBytes()));
            partitionBytes.set(sizes);
        }
    }

    private static Map<String, Long> largest(Map<String, Long> sums) {
        if (sums.size() <= TOPICS_MAX) {
            return sums;
        }
        return sums.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .limit(TOPICS_MAX)
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    @FunctionalInterface
    private interface Value<T> {
        double of(T thing);
    }

    private static <K, T> void rows(ChangingGauge gauge, String tag, Map<K, T> values, Value<T> value) {
        var rows = new HashMap<Tags, Double>();
        values.forEach((key, thing) -> rows.put(Tags.of(tag, key.toString()), value.of(thing)));
        gauge.set(rows);
    }

    @Override
    public void close() {
        partitions.replicationStats().onWatermarkNanos(nanos -> {});
        changing.forEach(gauge -> gauge.set(Map.of()));
        meters.forEach(registry::remove);
    }
}
