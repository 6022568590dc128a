package io.weirlog.bench.load;

import io.weirlog.bench.cluster.Nodes;
import io.weirlog.bench.cluster.WeirlogNodes;
import io.weirlog.client.Acks;
import io.weirlog.client.Consumer;
import io.weirlog.client.ConsumerOptions;
import io.weirlog.client.NewTopic;
import io.weirlog.client.ProducerOptions;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.StartAt;
import io.weirlog.client.TlsOptions;
import io.weirlog.client.WeirlogClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

final class WeirlogContender implements Contender {
    private final String durability;
    private final WeirlogNodes nodes;
    private final WeirlogClient client;

    /// @param durability the class of the topics
    WeirlogContender(Path folder, int count, String durability) throws IOException, InterruptedException {
        this(folder, count, durability, Optional.empty());
    }

    private WeirlogContender(Path folder, int count, String durability, Optional<Path> certificates)
            throws IOException, InterruptedException {
        this.durability = durability;
        var settings = certificates.isPresent() ? WeirlogNodes.tls(certificates.get()) : Map.<String, String>of();
        nodes = new WeirlogNodes(folder, Collections.nCopies(count, "controller,broker"), settings);
        nodes.startAll();
        var builder = WeirlogClient.builder()
                .bootstrap(
                        IntStream.rangeClosed(1, count).mapToObj(nodes::address).toArray(String[]::new));
        certificates.ifPresent(made -> builder.tls(TlsOptions.trusting(made.resolve("ca.crt"))));
        client = builder.build();
    }

    /// One whose every connection is encrypted, those among the nodes too.
    static WeirlogContender overTls(Path folder, int count, String durability)
            throws IOException, InterruptedException {
        return new WeirlogContender(folder, count, durability, Optional.of(folder.resolve("tls")));
    }

    @Override
    public Nodes nodes() {
        return nodes;
    }

    @Override
    public void createTopic(String topic, int partitions, int replicas) {
        var minInSync = Integer.toString(Contender.minInSync(replicas));
        client.admin()
                .createTopic(new NewTopic(
                        topic,
                        partitions,
                        replicas,
                        Map.of("durability", durability, "min.insync.replicas", minInSync)));
    }

    @Override
    public Writer writer(String topic, Writing writing) {
        var producer = client.producer(ProducerOptions.builder()
                .acks(Acks.valueOf(writing.acks().toUpperCase(Locale.ROOT)))
                .compression(writing.compression())
                .linger(writing.linger())
                .batchBytes(writing.batchBytes())
                .idempotent(writing.idempotent())
                .build());
        return new Writer() {
            @Override
            public void send(byte[] value, Outcome outcome) {
                producer.send(ProducerRecord.of(topic, value), outcome);
            }

            @Override
            public void send(int partition, byte[] value, Outcome outcome) {
                producer.send(ProducerRecord.of(topic, value).toPartition(partition), outcome);
            }

            @Override
            public void flush() {
                producer.flush(Duration.ofMinutes(2));
            }

            @Override
            public void close() {
                producer.close();
            }
        };
    }

    @Override
    public long read(String topic, long records) {
        try (var consumer = consumer(topic)) {
            var read = 0L;
            while (read < records) {
                var polled = consumer.poll(Duration.ofSeconds(10));
                if (polled.isEmpty()) {
                    throw new IllegalStateException("nothing came after " + read + " of " + records + " records");
                }
                read += polled.size();
            }
            return read;
        }
    }

    private Consumer consumer(String topic) {
        return client.consumer(
                ConsumerOptions.builder().topic(topic).start(StartAt.earliest()).build());
    }

    @Override
    public Reader reader(String topic) {
        var consumer = consumer(topic);
        return new Reader() {
            @Override
            public void poll(Duration waitMax, java.util.function.Consumer<byte[]> values) {
                for (var record : consumer.poll(waitMax)) {
                    values.accept(Objects.requireNonNull(record.value()));
                }
            }

            @Override
            public void close() {
                consumer.close();
            }
        };
    }

    @Override
    public AutoCloseable idleReaders(String topic, int partitions, int count) throws InterruptedException {
        return new IdleStreams(nodes.address(1), topic, partitions, count);
    }

    @Override
    public OptionalInt leader(String topic, int partition) {
        return client.admin().describeTopic(topic).partitions().get(partition).leader().stream()
                .mapToInt(leader -> leader.broker().value())
                .findFirst();
    }

    @Override
    public boolean isInSync(String topic) {
        return client.admin().describeTopic(topic).partitions().stream()
                .allMatch(one -> one.inSyncReplicas().size() == one.replicas().size());
    }

    @Override
    public void close() {
        client.close();
        nodes.close();
    }
}
