package io.weirlog.metadata.core;

import io.weirlog.common.Durability;
import io.weirlog.metadata.core.ConfigType.Flag;
import io.weirlog.metadata.core.ConfigType.Fraction;
import io.weirlog.metadata.core.ConfigType.OneOf;
import io.weirlog.metadata.core.ConfigType.SomeOf;
import io.weirlog.metadata.core.ConfigType.Whole;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/// The one table of topic configs. Names, meanings and defaults are Kafka's where the thing is Kafka's.
public final class TopicConfigs {
    public static final String CLEANUP_POLICY = "cleanup.policy";
    public static final String COMPRESSION_TYPE = "compression.type";
    public static final String DELETE_RETENTION_MS = "delete.retention.ms";
    public static final String DURABILITY = "durability";
    public static final String FILE_DELETE_DELAY_MS = "file.delete.delay.ms";
    public static final String FLUSH_MESSAGES = "flush.messages";
    public static final String FLUSH_MS = "flush.ms";
    public static final String INDEX_INTERVAL_BYTES = "index.interval.bytes";
    public static final String MAX_COMPACTION_LAG_MS = "max.compaction.lag.ms";
    public static final String MAX_MESSAGE_BYTES = "max.message.bytes";
    public static final String MESSAGE_TIMESTAMP_AFTER_MAX_MS = "message.timestamp.after.max.ms";
    public static final String MESSAGE_TIMESTAMP_BEFORE_MAX_MS = "message.timestamp.before.max.ms";
    public static final String MESSAGE_TIMESTAMP_TYPE = "message.timestamp.type";
    public static final String MIN_CLEANABLE_DIRTY_RATIO = "min.cleanable.dirty.ratio";
    public static final String MIN_COMPACTION_LAG_MS = "min.compaction.lag.ms";
    public static final String MIN_INSYNC_REPLICAS = "min.insync.replicas";
    public static final String PREALLOCATE = "preallocate";
    public static final String RETENTION_BYTES = "retention.bytes";
    public static final String RETENTION_MS = "retention.ms";
    public static final String SEGMENT_BYTES = "segment.bytes";
    public static final String SEGMENT_INDEX_BYTES = "segment.index.bytes";
    public static final String SEGMENT_JITTER_MS = "segment.jitter.ms";
    public static final String SEGMENT_MS = "segment.ms";
    public static final String UNCLEAN_LEADER_ELECTION_ENABLE = "unclean.leader.election.enable";

    private static final long FOREVER = Long.MAX_VALUE;
    private static final String SEVEN_DAYS_MS = "604800000";
    private static final String NEVER = Long.toString(FOREVER);

    /// A batch must fit one message of the client protocol.
    private static final long MESSAGE_BYTES_MAX = 64 << 20;

    private static final SortedMap<String, ConfigKey> KEYS = table(
            new ConfigKey(
                    CLEANUP_POLICY,
                    new SomeOf(List.of("delete", "compact")),
                    "delete",
                    "Whether old segments are deleted, compacted by key, or both."),
            new ConfigKey(
                    COMPRESSION_TYPE,
                    new OneOf(List.of("producer", "uncompressed", "gzip", "snappy", "lz4", "zstd")),
                    "producer",
                    "How the broker compresses the batches it encodes itself; a producer's batches are kept as sent."),
            new ConfigKey(
                    DELETE_RETENTION_MS,
                    new Whole(0, FOREVER),
                    "86400000",
                    "How long a compacted topic keeps a tombstone after it was first cleaned."),
            new ConfigKey(
                    DURABILITY,
                    new OneOf(Stream.of(Durability.values())
                            .map(Durability::configValue)
                            .toList()),
                    Durability.FSYNC.configValue(),
                    "What a replica has done with a record before it counts as written."),
            new ConfigKey(
                    FILE_DELETE_DELAY_MS,
                    new Whole(0, FOREVER),
                    "60000",
                    "How long a deleted segment's files stay for readers that are still at them."),
            new ConfigKey(
                    FLUSH_MESSAGES,
                    new Whole(1, FOREVER),
                    NEVER,
                    "With durability=page-cache: records after which the log is flushed."),
            new ConfigKey(
                    FLUSH_MS,
                    new Whole(0, FOREVER),
                    NEVER,
                    "With durability=page-cache: time after which the log is flushed."),
            new ConfigKey(
                    INDEX_INTERVAL_BYTES,
                    new Whole(0, Integer.MAX_VALUE),
                    "4096",
                    "Bytes of log between two entries of the offset index."),
            new ConfigKey(
                    MAX_COMPACTION_LAG_MS,
                    new Whole(1, FOREVER),
                    NEVER,
                    "The longest that a record of a compacted topic stays out of compaction."),
            new ConfigKey(
                    MAX_MESSAGE_BYTES,
                    new Whole(0, MESSAGE_BYTES_MAX),
                    "1048588",
                    "The largest record batch accepted, after compression."),
            new ConfigKey(
                    MESSAGE_TIMESTAMP_AFTER_MAX_MS,
                    new Whole(0, FOREVER),
                    "3600000",
                    "How far a producer's timestamp may be ahead of the broker's clock."),
            new ConfigKey(
                    MESSAGE_TIMESTAMP_BEFORE_MAX_MS,
                    new Whole(0, FOREVER),
                    NEVER,
                    "How far a producer's timestamp may be behind the broker's clock."),
            new ConfigKey(
                    MESSAGE_TIMESTAMP_TYPE,
                    new OneOf(List.of("CreateTime", "LogAppendTime")),
                    "CreateTime",
                    "Whether records keep the producer's time or get the broker's."),
            new ConfigKey(
                    MIN_CLEANABLE_DIRTY_RATIO,
                    new Fraction(0, 1),
                    "0.5",
                    "The share of a log that must be uncompacted before it is compacted."),
            new ConfigKey(
                    MIN_COMPACTION_LAG_MS,
                    new Whole(0, FOREVER),
                    "0",
                    "The least time that a record of a compacted topic stays out of compaction."),
            new ConfigKey(
                    MIN_INSYNC_REPLICAS,
                    new Whole(1, MetadataLimits.REPLICAS_PER_PARTITION_MAX),
                    "1",
                    "How many replicas must hold a record before acks=all is acknowledged."),
            new ConfigKey(PREALLOCATE, new Flag(), "false", "Whether a new segment's file gets its full size at once."),
            new ConfigKey(
                    RETENTION_BYTES,
                    new Whole(-1, FOREVER),
                    "-1",
                    "How large a partition may grow before old segments are deleted; -1 for any size."),
            new ConfigKey(
                    RETENTION_MS,
                    new Whole(-1, FOREVER),
                    SEVEN_DAYS_MS,
                    "How long records are kept before their segments are deleted; -1 for ever."),
            new ConfigKey(
                    SEGMENT_BYTES,
                    new Whole(4096, Integer.MAX_VALUE),
                    "1073741824",
                    "The size at which a new segment is begun."),
            new ConfigKey(
                    SEGMENT_INDEX_BYTES,
                    new Whole(64, Integer.MAX_VALUE),
                    "10485760",
                    "The size of an index at which a new segment is begun."),
            new ConfigKey(
                    SEGMENT_JITTER_MS,
                    new Whole(0, FOREVER),
                    "0",
                    "The most that is taken at random from segment.ms, so that segments do not roll all at once."),
            new ConfigKey(SEGMENT_MS, new Whole(1, FOREVER), SEVEN_DAYS_MS, "The age at which a new segment is begun."),
            new ConfigKey(
                    UNCLEAN_LEADER_ELECTION_ENABLE,
                    new Flag(),
                    "false",
                    "Whether a replica out of sync may lead when no other can, at the price of lost records."));

    private TopicConfigs() {}

    /// All configs by name, in the order of the names.
    public static SortedMap<String, ConfigKey> keys() {
        return KEYS;
    }

    /// All that is wrong with `configs`, in the order of the names; unknown names with the nearest known one.
    public static List<String> problems(Map<String, String> configs) {
        var problems = new ArrayList<String>();
        new TreeMap<>(configs).forEach((name, value) -> problem(name, value).ifPresent(problems::add));
        return problems;
    }

    /// The configs of a topic with those that were set explicitly. The values have been checked when they were
    /// set.
    public static EffectiveConfigs effective(Map<String, String> explicit) {
        return new EffectiveConfigs(explicit);
    }

    private static Optional<String> problem(String name, String value) {
        var key = KEYS.get(name);
        return key == null ? unknown(name) : key.type().problem(value).map(problem -> name + ": " + problem);
    }

    /// What to say of a name that no config has; empty for the others.
    static Optional<String> unknown(String name) {
        if (KEYS.containsKey(name)) {
            return Optional.empty();
        }
        var meant = Spelling.nearest(name, KEYS.keySet()).map(near -> ", did you mean " + near + "?");
        return Optional.of("unknown config \"" + Printable.text(name) + "\"" + meant.orElse(""));
    }

    private static SortedMap<String, ConfigKey> table(ConfigKey... keys) {
        var table = new TreeMap<String, ConfigKey>();
        for (var key : keys) {
            table.put(key.name(), key);
        }
        return Collections.unmodifiableSortedMap(table);
    }
}
