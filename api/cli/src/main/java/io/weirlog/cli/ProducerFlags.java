package io.weirlog.cli;

import io.weirlog.client.Acks;
import io.weirlog.client.ProducerOptions;
import io.weirlog.record.Compression;
import java.time.Duration;
import picocli.CommandLine.Option;

/// How records are sent.
final class ProducerFlags {
    @Option(
            names = "--acks",
            paramLabel = "none|leader|all",
            description = "When a record counts as written; default all.")
    private Acks acks = Acks.ALL;

    @Option(
            names = "--compression",
            paramLabel = "none|gzip|snappy|lz4|zstd",
            description = "How batches are compressed; default none.")
    private Compression compression = Compression.NONE;

    @Option(
            names = "--linger",
            paramLabel = "DURATION",
            description = "How long a record may wait for others; default 5ms.")
    private Duration linger = Duration.ofMillis(5);

    @Option(
            names = "--delivery-timeout",
            paramLabel = "DURATION",
            description = "How long a record is tried for; default 2m.")
    private Duration deliveryTimeout = Duration.ofMinutes(2);

    @Option(
            names = "--idempotent",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Whether a record is sent again where it may be written already, which brokers then notice;"
                    + " default true.")
    private boolean idempotent = true;

    ProducerOptions options() {
        return ProducerOptions.builder()
                .acks(acks)
                .compression(compression)
                .linger(linger)
                .deliveryTimeout(deliveryTimeout)
                .idempotent(idempotent)
                .build();
    }
}
