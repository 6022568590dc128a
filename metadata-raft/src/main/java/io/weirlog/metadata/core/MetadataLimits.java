package io.weirlog.metadata.core;

/// The bounds of the metadata. All voters must agree on them, so they are not configurable.
public final class MetadataLimits {
    private MetadataLimits() {}

    /// As in Kafka: with the partition number and a separator it still fits a file name.
    public static final int TOPIC_NAME_CHARS_MAX = 249;

    public static final int PARTITIONS_PER_TOPIC_MAX = 10_000;
    public static final int PARTITIONS_PER_CLUSTER_MAX = 200_000;
    public static final int REPLICAS_PER_PARTITION_MAX = 15;
    public static final int BROKERS_MAX = 1_000;
    public static final int DIRECTORIES_PER_BROKER_MAX = 64;
    public static final int CONTROLLERS_MAX = 16;
    public static final int ENDPOINTS_PER_NODE_MAX = 8;

    /// A DNS name is no longer (RFC 1035).
    public static final int HOST_CHARS_MAX = 253;

    public static final int RACK_CHARS_MAX = 249;
    public static final int REJECT_MESSAGE_CHARS_MAX = 1_000;

    /// The answers to all of them are kept for retries.
    public static final int ISR_CHANGES_PER_COMMAND_MAX = 1_000;

    /// The answers to all of them are kept for retries.
    public static final int ELECTIONS_PER_COMMAND_MAX = 1_000;

    /// The answers to all of them are kept for retries.
    public static final int MOVES_PER_COMMAND_MAX = 1_000;

    /// The answers to all of them are kept for retries.
    public static final int TOPICS_PER_COMMAND_MAX = 1_000;

    public static final int PRODUCER_ID_BLOCK_IDS = 1_000;

    /// One past the last producer id that is ever in a block. From here on they are made from names: see
    /// `ProducerSequence.client_id`.
    public static final long PRODUCER_IDS_END = 1L << 62;

    /// Of one encoded command: well below what the Raft log takes as one entry.
    public static final int COMMAND_BYTES_MAX = 1 << 20;

    /// How many log entries long an answer is kept for retries of its request: some ten seconds of the highest
    /// rate that three voters commit at, hours of a usual one.
    public static final long REQUEST_WINDOW_ENTRIES = 50_000;
}
