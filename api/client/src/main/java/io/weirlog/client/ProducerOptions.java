package io.weirlog.client;

import io.weirlog.record.Compression;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;

/// How a [Producer] behaves; [#defaults] suits most.
public final class ProducerOptions {
    private static final int BATCH_BYTES_MIN = 256;
    /// As many batches as a broker remembers of each producer.
    private static final int IDEMPOTENT_IN_FLIGHT_MAX = 5;

    private final Builder settings;

    private ProducerOptions(Builder settings) {
        this.settings = settings;
    }

    public static ProducerOptions defaults() {
        return builder().build();
    }

    public static Builder builder() {
        return new Builder();
    }

    /// When a write counts as done; default [Acks#ALL].
    public Acks acks() {
        return settings.acks;
    }

    /// How batches are packed; default none.
    public Compression compression() {
        return settings.compression;
    }

    /// How long a record may wait for others to fill its batch; default 5 ms.
    public Duration linger() {
        return settings.linger;
    }

    /// The size at which a batch is full, before compression; a larger record gets a batch of its own. Default 128 KiB.
    public int batchBytes() {
        return settings.batchBytes;
    }

    /// The most memory for records not yet done; default 32 MiB.
    public long bufferBytes() {
        return settings.bufferBytes;
    }

    /// How long a send may block for a full buffer or unknown partitions; default 30 s.
    public Duration maxBlock() {
        return settings.maxBlock;
    }

    /// How long a record may take from its send to its acknowledgement, with all retries; default 2 minutes.
    public Duration deliveryTimeout() {
        return settings.deliveryTimeout;
    }

    /// How long one request may wait for its acknowledgement; default 30 s.
    public Duration requestTimeout() {
        return settings.requestTimeout;
    }

    /// Whether brokers are told the number of each record, so that they take it once, however often it is sent;
    /// default true. Then records are sent again until the delivery timeout even where the outcome is unknown.
    public boolean isIdempotent() {
        return settings.idempotent;
    }

    /// How many batches of one partition may be on their way at once; default 5, and no more if the producer is
    /// idempotent; otherwise 1.
    ///
    /// Order is kept with any number. Without idempotence a refused batch goes again only if no later one was
    /// appended in between; if one was, its records fail with `NOT_APPENDED`. With 1 that cannot happen.
    public int maxInFlightPerPartition() {
        return settings.maxInFlightPerPartition.orElse(settings.idempotent ? IDEMPOTENT_IN_FLIGHT_MAX : 1);
    }

    /// Which partitions get records that do not name one; default [Partitioner#keyHash].
    public Partitioner partitioner() {
        return settings.partitioner;
    }

    /// Who sees the records on their way, in this order; default nobody.
    public List<ProducerInterceptor> interceptors() {
        return settings.interceptors;
    }

    /// Collects options.
    public static final class Builder {
        private Acks acks = Acks.ALL;
        private Compression compression = Compression.NONE;
        private Duration linger = Duration.ofMillis(5);
        private int batchBytes = 128 * 1024;
        private long bufferBytes = 32 * 1024 * 1024;
        private Duration maxBlock = Duration.ofSeconds(30);
        private Duration deliveryTimeout = Duration.ofMinutes(2);
        private Duration requestTimeout = Duration.ofSeconds(30);
        private boolean idempotent = true;
        private OptionalInt maxInFlightPerPartition = OptionalInt.empty();
        private Partitioner partitioner = Partitioner.keyHash();
        private List<ProducerInterceptor> interceptors = List.of();

        private Builder() {}

        private Builder copy() {
            var copy = new Builder();
            copy.acks = acks;
            copy.compression = compression;
            copy.linger = linger;
            copy.batchBytes = batchBytes;
            copy.bufferBytes = bufferBytes;
            copy.maxBlock = maxBlock;
            copy.deliveryTimeout = deliveryTimeout;
            copy.requestTimeout = requestTimeout;
            copy.idempotent = idempotent;
            copy.maxInFlightPerPartition = maxInFlightPerPartition;
            copy.partitioner = partitioner;
            copy.interceptors = interceptors;
            return copy;
        }

        public Builder acks(Acks acks) {
            this.acks = acks;
            return this;
        }

        public Builder compression(Compression compression) {
            this.compression = compression;
            return this;
        }

        public Builder linger(Duration linger) {
            this.linger = Checks.notNegative("linger", linger);
            return this;
        }

        public Builder batchBytes(int bytes) {
            this.batchBytes = (int) Checks.atLeast("batchBytes", bytes, BATCH_BYTES_MIN);
            return this;
        }

        public Builder bufferBytes(long bytes) {
            this.bufferBytes = Checks.atLeast("bufferBytes", bytes, BATCH_BYTES_MIN);
            return this;
        }

        public Builder maxBlock(Duration maxBlock) {
            this.maxBlock = Checks.notNegative("maxBlock", maxBlock);
            return this;
        }

        public Builder deliveryTimeout(Duration timeout) {
            this.deliveryTimeout = Checks.positive("deliveryTimeout", timeout);
            return this;
        }

        public Builder requestTimeout(Duration timeout) {
            this.requestTimeout = Checks.positive("requestTimeout", timeout);
            return this;
        }

        public Builder idempotent(boolean idempotent) {
            this.idempotent = idempotent;
            return this;
        }

        public Builder maxInFlightPerPartition(int batches) {
            this.maxInFlightPerPartition = OptionalInt.of((int) Checks.atLeast("maxInFlightPerPartition", batches, 1));
            return this;
        }

        public Builder partitioner(Partitioner partitioner) {
            this.partitioner = partitioner;
            return this;
        }

        /// These, in this order, instead of any before.
        public Builder interceptors(ProducerInterceptor... interceptors) {
            this.interceptors = List.of(interceptors);
            return this;
        }

        /// @throws IllegalArgumentException if an idempotent producer is to have more batches in flight than brokers
        ///     remember
        public ProducerOptions build() {
            if (idempotent && maxInFlightPerPartition.orElse(1) > IDEMPOTENT_IN_FLIGHT_MAX) {
                throw new IllegalArgumentException("maxInFlightPerPartition must be at most " + IDEMPOTENT_IN_FLIGHT_MAX
                        + " for an idempotent producer, it is " + maxInFlightPerPartition.getAsInt()
                        + ": use fewer, or idempotent(false)");
            }
            return new ProducerOptions(copy());
        }
    }
}
