package io.weirlog.log;

import io.weirlog.common.Durability;
import io.weirlog.record.TimestampType;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;

/// How one topic's logs are kept. Names and defaults are those of Kafka's topic configs, `durability` is
/// Weirlog's own.
///
/// @param segmentBytes `segment.bytes`: a segment is closed before it grows past this
/// @param segmentMillis `segment.ms`: a segment is closed when records come in that are this much younger than
///     its first
/// @param segmentJitterMillis `segment.jitter.ms`: the most that is taken off `segment.ms`, differing by segment
/// @param preallocate `preallocate`: a new segment's file has its full size from the start
/// @param flushMessages `flush.messages`: with page-cache, the records after which the log is synced
/// @param flushMillis `flush.ms`: with page-cache, the time after which it is
/// @param segmentIndexBytes `segment.index.bytes`: room for each of a segment's indexes
/// @param indexIntervalBytes `index.interval.bytes`: bytes of log between two index entries
/// @param messageBytesMax `max.message.bytes`: the largest batch, as it is stored
/// @param decompressedBytesMax what the records of one batch may take once unpacked
/// @param retentionMillis `retention.ms`; empty: unlimited
/// @param retentionBytes `retention.bytes`; empty: unlimited
/// @param fileDeleteDelayMillis `file.delete.delay.ms`: how long a file that has left the log stays on disk
/// @param timestampBeforeMaxMillis `message.timestamp.before.max.ms`: how far a record's time may be in the past
/// @param timestampAfterMaxMillis `message.timestamp.after.max.ms`: how far it may be in the future
/// @param producerExpirationMillis `producer.id.expiration.ms`: how long a producer is remembered that appends nothing
/// @param deleting whether `cleanup.policy` contains `delete`, so that retention applies
/// @param compacted whether `cleanup.policy` contains `compact`, so that offsets may have gaps
/// @param compaction how it is compacted, if it is
/// @param durability when an offset counts as kept
/// @param timestampType `message.timestamp.type`
public record LogConfig(
        int segmentBytes,
        long segmentMillis,
        long segmentJitterMillis,
        boolean preallocate,
        long flushMessages,
        long flushMillis,
        int segmentIndexBytes,
        int indexIntervalBytes,
        int messageBytesMax,
        int decompressedBytesMax,
        OptionalLong retentionMillis,
        OptionalLong retentionBytes,
        long fileDeleteDelayMillis,
        long timestampBeforeMaxMillis,
        long timestampAfterMaxMillis,
        long producerExpirationMillis,
        boolean deleting,
        boolean compacted,
        CompactionConfig compaction,
        Durability durability,
        TimestampType timestampType) {
    private static final LogConfig DEFAULTS = new Builder().build();

    public static LogConfig defaults() {
        return DEFAULTS;
    }

    public static Builder builder() {
        return new Builder();
    }

    public BatchLimits batchLimits() {
        return new BatchLimits(messageBytesMax, decompressedBytesMax, compacted);
    }

    /// The age at which a segment is closed: one that is being written is never compacted, so it must not be older
    /// than compaction may lag.
    long rollMillis() {
        return compacted ? Math.min(segmentMillis, compaction.lagMillisMax()) : segmentMillis;
    }

    /// Reads a topic's configs; keys that are not about the log are left to others, absent ones have their
    /// defaults.
    ///
    /// @throws IllegalArgumentException if a value cannot be one of its key; the message names both
    public static LogConfig fromTopicConfig(Map<String, String> configs) {
        var builder = new Builder();
        configs.forEach((key, value) -> apply(builder, key, value));
        return builder.build();
    }

    private static void apply(Builder builder, String key, String value) {
        switch (key) {
            case "segment.bytes" -> parseInt(key, value, builder::segmentBytes);
            case "segment.ms" -> builder.segmentMillis(parseLong(key, value, 1));
            case "segment.jitter.ms" -> builder.segmentJitterMillis(parseLong(key, value, 0));
            case "preallocate" -> builder.preallocate(parseFlag(key, value));
            case "flush.messages" -> builder.flushMessages(parseLong(key, value, 1));
            case "flush.ms" -> builder.flushMillis(parseLong(key, value, 0));
            case "segment.index.bytes" -> parseInt(key, value, builder::segmentIndexBytes);
            case "index.interval.bytes" -> parseInt(key, value, builder::indexIntervalBytes);
            case "max.message.bytes" -> parseInt(key, value, builder::messageBytesMax);
            case "retention.ms" -> builder.retentionMillis(parseLimit(key, value));
            case "retention.bytes" -> builder.retentionBytes(parseLimit(key, value));
            case "file.delete.delay.ms" -> builder.fileDeleteDelayMillis(parseLong(key, value, 0));
            case "message.timestamp.before.max.ms" -> builder.timestampBeforeMaxMillis(parseLong(key, value, 0));
            case "message.timestamp.after.max.ms" -> builder.timestampAfterMaxMillis(parseLong(key, value, 0));
            case "producer.id.expiration.ms" -> builder.producerExpirationMillis(parseLong(key, value, 1));
            case "cleanup.policy" -> builder.deleting(value.contains("delete")).compacted(value.contains("compact"));
            case "min.cleanable.dirty.ratio" ->
                builder.compaction(builder.compaction.withDirtyRatioMin(parseShare(key, value)));
            case "min.compaction.lag.ms" ->
                builder.compaction(builder.compaction.withLagMillisMin(parseLong(key, value, 0)));
            case "max.compaction.lag.ms" ->
                builder.compaction(builder.compaction.withLagMillisMax(parseLong(key, value, 1)));
            case "delete.retention.ms" ->
                builder.compaction(builder.compaction.withDeleteRetentionMillis(parseLong(key, value, 0)));
            case "durability" -> builder.durability(Durability.fromConfig(value).orElseThrow(() -> wrong(key, value)));
            case "message.timestamp.type" ->
                builder.timestampType(TimestampType.fromConfig(value).orElseThrow(() -> wrong(key, value)));
            default -> {} // Not ours: the key belongs to another part of the broker.
        }
    }

    private static void parseInt(String key, String value, Consumer<Integer> target) {
        var number = parseLong(key, value, 0);
        if (number > Integer.MAX_VALUE) {
            throw wrong(key, value);
        }
        target.accept((int) number);
    }

    private static long parseLong(String key, String value, long least) {
        try {
            var number = Long.parseLong(value);
            if (number >= least) {
                return number;
            }
        } catch (NumberFormatException e) {
            // The same answer as for a number out of range.
        }
        throw wrong(key, value);
    }

    private static double parseShare(String key, String value) {
        try {
            var share = Double.parseDouble(value);
            if (share >= 0 && share <= 1) {
                return share;
            }
        } catch (NumberFormatException e) {
            // The same answer as for a number out of range.
        }
        throw wrong(key, value);
    }

    private static boolean parseFlag(String key, String value) {
        return switch (value) {
            case "true" -> true;
            case "false" -> false;
            default -> throw wrong(key, value);
        };
    }

    /// In topic configs −1 means unlimited.
    private static OptionalLong parseLimit(String key, String value) {
        var number = parseLong(key, value, -1);
        return number < 0 ? OptionalLong.empty() : OptionalLong.of(number);
    }

    private static IllegalArgumentException wrong(String key, String value) {
        return new IllegalArgumentException("'" + value + "' is not a value for " + key);
    }

    /// Starts with the defaults.
    public static final class Builder {
        private int segmentBytes = 1 << 30;
        private long segmentMillis = 7L * 24 * 60 * 60 * 1000;
        private long segmentJitterMillis;
        private boolean preallocate;
        private long flushMessages = Long.MAX_VALUE;
        private long flushMillis = Long.MAX_VALUE;
        private int segmentIndexBytes = 10 << 20;
        private int indexIntervalBytes = 4096;
        private int messageBytesMax = (1 << 20) + 12;
        private int decompressedBytesMax = 64 << 20;
        private OptionalLong retentionMillis = OptionalLong.of(7L * 24 * 60 * 60 * 1000);
        private OptionalLong retentionBytes = OptionalLong.empty();
        private long fileDeleteDelayMillis = 60_000;
        private long timestampBeforeMaxMillis = Long.MAX_VALUE;
        private long timestampAfterMaxMillis = 60L * 60 * 1000;
        private long producerExpirationMillis = 24L * 60 * 60 * 1000;
        private boolean deleting = true;
        private boolean compacted;
        private CompactionConfig compaction = CompactionConfig.DEFAULTS;
        private Durability durability = Durability.FSYNC;
        private TimestampType timestampType = TimestampType.CREATE_TIME;

        private Builder() {}

        public Builder segmentBytes(int value) {
            segmentBytes = value;
            return this;
        }

        public Builder segmentMillis(long value) {
            segmentMillis = value;
            return this;
        }

        public Builder segmentJitterMillis(long value) {
            segmentJitterMillis = value;
            return this;
        }

        public Builder preallocate(boolean value) {
            preallocate = value;
            return this;
        }

        public Builder flushMessages(long value) {
            flushMessages = value;
            return this;
        }

        public Builder flushMillis(long value) {
            flushMillis = value;
            return this;
        }

        public Builder segmentIndexBytes(int value) {
            segmentIndexBytes = value;
            return this;
        }

        public Builder indexIntervalBytes(int value) {
            indexIntervalBytes = value;
            return this;
        }

        public Builder messageBytesMax(int value) {
            messageBytesMax = value;
            return this;
        }

        public Builder decompressedBytesMax(int value) {
            decompressedBytesMax = value;
            return this;
        }

        public Builder retentionMillis(OptionalLong value) {
            retentionMillis = value;
            return this;
        }

        public Builder retentionBytes(OptionalLong value) {
            retentionBytes = value;
            return this;
        }

        public Builder fileDeleteDelayMillis(long value) {
            fileDeleteDelayMillis = value;
            return this;
        }

        public Builder timestampBeforeMaxMillis(long value) {
            timestampBeforeMaxMillis = value;
            return this;
        }

        public Builder timestampAfterMaxMillis(long value) {
            timestampAfterMaxMillis = value;
            return this;
        }

        public Builder producerExpirationMillis(long value) {
            producerExpirationMillis = value;
            return this;
        }

        public Builder deleting(boolean value) {
            deleting = value;
            return this;
        }

        public Builder compacted(boolean value) {
            compacted = value;
            return this;
        }

        public Builder compaction(CompactionConfig value) {
            compaction = value;
            return this;
        }

        public Builder durability(Durability value) {
            durability = value;
            return this;
        }

        public Builder timestampType(TimestampType value) {
            timestampType = value;
            return this;
        }

        public LogConfig build() {
            return new LogConfig(
                    segmentBytes,
                    segmentMillis,
                    segmentJitterMillis,
                    preallocate,
                    flushMessages,
                    flushMillis,
                    segmentIndexBytes,
                    indexIntervalBytes,
                    messageBytesMax,
                    decompressedBytesMax,
                    retentionMillis,
                    retentionBytes,
                    fileDeleteDelayMillis,
                    timestampBeforeMaxMillis,
                    timestampAfterMaxMillis,
                    producerExpirationMillis,
                    deleting,
                    compacted,
                    compaction,
                    durability,
                    timestampType);
        }
    }
}
