package io.weirlog.server;

import io.weirlog.common.TopicId;
import io.weirlog.log.LogConfig;
import io.weirlog.metadata.TopicImage;
import io.weirlog.metadata.core.EffectiveConfigs;
import io.weirlog.metadata.core.TopicConfigs;
import io.weirlog.record.Compression;
import io.weirlog.server.config.ConfigKeys;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/// Topics' configs in the form that the data path uses, parsed once for each change.
public final class TopicSettings {
    private final Map<TopicId, Parsed> byTopic = new ConcurrentHashMap<>();
    private final Duration producerExpiration;

    /// @param compression what plain records are compressed with; empty: as the writer likes
    /// @param minInSyncReplicas `min.insync.replicas`
    public record Settings(LogConfig logConfig, Optional<Compression> compression, int minInSyncReplicas) {}

    /// @param producerExpiration `producer.id.expiration.ms`, which is the node's and not a topic's
    TopicSettings(Duration producerExpiration) {
        this.producerExpiration = producerExpiration;
    }

    private record Parsed(Map<String, String> configs, Settings settings) {}

    public Settings of(TopicImage topic) {
        var parsed = byTopic.get(topic.id());
        // Cheap: an image keeps the very same map until the configs change.
        if (parsed == null || !parsed.configs.equals(topic.configs())) {
            parsed = new Parsed(topic.configs(), parse(topic));
            byTopic.put(topic.id(), parsed);
        }
        return parsed.settings;
    }

    private Settings parse(TopicImage topic) {
        var effective = TopicConfigs.effective(topic.configs());
        var all = effective.entries().stream()
                .collect(Collectors.toMap(
                        entry -> entry.key().name(), EffectiveConfigs.Entry::value, (one, other) -> one, TreeMap::new));
        all.put(ConfigKeys.PRODUCER_ID_EXPIRATION_MS.name(), Long.toString(producerExpiration.toMillis()));
        var logConfig = LogConfig.fromTopicConfig(all);
        // "producer" leaves the choice to the writer.
        return new Settings(
                logConfig,
                Compression.fromName(effective.text("compression.type")),
                effective.intValue(TopicConfigs.MIN_INSYNC_REPLICAS));
    }

    void forget(TopicId id) {
        byTopic.remove(id);
    }
}
