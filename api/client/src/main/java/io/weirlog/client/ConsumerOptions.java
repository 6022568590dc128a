package io.weirlog.client;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What a [Consumer] reads, and how.
///
/// ```
/// ConsumerOptions.builder().topic("orders").build();
/// ConsumerOptions.builder().partition("orders", 3, StartAt.offset(1_000)).build();
/// ```
public final class ConsumerOptions {
    private final Set<String> topics;
    private final Map<PartitionRef, StartAt> partitions;
    private final StartAt start;
    private final Isolation isolation;
    private final int maxPollRecords;
    private final int bufferRecords;
    private final int bufferBytes;
    private final String rack;

    private ConsumerOptions(Builder builder) {
        topics = Set.copyOf(builder.topics);
        start = builder.start;
        var starts = new LinkedHashMap<PartitionRef, StartAt>();
        builder.partitions.forEach((partition, own) -> starts.put(partition, own.orElse(builder.start)));
        partitions = Collections.unmodifiableMap(starts);
        isolation = builder.isolation;
        maxPollRecords = builder.maxPollRecords;
        bufferRecords = builder.bufferRecords;
        bufferBytes = builder.bufferBytes;
        rack = builder.rack;
    }

    public static Builder builder() {
        return new Builder();
    }

    /// Topics of which all partitions are read.
    public Set<String> topics() {
        return topics;
    }

    /// Single partitions, and where each begins.
    public Map<PartitionRef, StartAt> partitions() {
        return partitions;
    }

    /// Where reading begins in partitions that do not say otherwise; default earliest.
    public StartAt start() {
        return start;
    }

    /// Default [Isolation#READ_UNCOMMITTED].
    public Isolation isolation() {
        return isolation;
    }

    /// The most records that one poll returns; default 500.
    public int maxPollRecords() {
        return maxPollRecords;
    }

    /// About how many records the broker may send ahead of the polls; default 100,000.
    public int bufferRecords() {
        return bufferRecords;
    }

    /// About how many bytes the broker may send ahead of the polls: one message may go beyond. Default 16 MiB.
    public int bufferBytes() {
        return bufferBytes;
    }

    /// Where the consumer is; default nowhere. In a rack, it reads from a follower there where one is in sync, and
    /// from the leader otherwise (KIP-392).
    public String rack() {
        return rack;
    }

    /// Collects options.
    public static final class Builder {
        private final Set<String> topics = new LinkedHashSet<>();
        private final Map<PartitionRef, Optional<StartAt>> partitions = new LinkedHashMap<>();
        private StartAt start = StartAt.earliest();
        private Isolation isolation = Isolation.READ_UNCOMMITTED;
        private int maxPollRecords = 500;
        private int bufferRecords = 100_000;
        private int bufferBytes = 16 * 1024 * 1024;
        private String rack = "";

        private Builder() {}

        /// Adds all partitions of a topic.
        public Builder topic(String topic) {
            topics.add(topic);
            return this;
        }

        /// Adds one partition, read from [#start] on.
        public Builder partition(String topic, int partition) {
            partitions.put(new PartitionRef(topic, partition), Optional.empty());
            return this;
        }

        /// Adds one partition with a start of its own.
        public Builder partition(String topic, int partition, StartAt start) {
            partitions.put(new PartitionRef(topic, partition), Optional.of(start));
            return this;
        }

        public Builder start(StartAt start) {
            this.start = start;
            return this;
        }

        public Builder isolation(Isolation isolation) {
            this.isolation = isolation;
            return this;
        }

        public Builder maxPollRecords(int records) {
            this.maxPollRecords = (int) Checks.atLeast("maxPollRecords", records, 1);
            return this;
        }

        public Builder bufferRecords(int records) {
            this.bufferRecords = (int) Checks.atLeast("bufferRecords", records, 1);
            return this;
        }

        public Builder bufferBytes(int bytes) {
            this.bufferBytes = (int) Checks.atLeast("bufferBytes", bytes, 1);
            return this;
        }

        public Builder rack(String rack) {
            this.rack = rack;
            return this;
        }

        /// @throws IllegalArgumentException if there is nothing to read, or a topic is named both whole and in part
        public ConsumerOptions build() {
            if (topics.isEmpty() && partitions.isEmpty()) {
                throw new IllegalArgumentException("a consumer needs a topic or a partition");
            }
            for (var partition : partitions.keySet()) {
                if (topics.contains(partition.topic())) {
                    throw new IllegalArgumentException(
                            "topic " + partition.topic() + " is read whole: leave its partitions out");
                }
            }
            return new ConsumerOptions(this);
        }
    }
}
