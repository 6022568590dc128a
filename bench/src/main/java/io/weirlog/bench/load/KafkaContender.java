package io.weirlog.bench.load;

import io.weirlog.bench.cluster.KafkaNodes;
import io.weirlog.bench.cluster.Nodes;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

final class KafkaContender implements Contender {
    private static final long ANSWER_SECONDS_MAX = 120;

    private final KafkaNodes nodes;
    private final Map<String, Object> config;
    private final Admin admin;

    KafkaContender(Path folder, int count) throws IOException, InterruptedException {
        nodes = new KafkaNodes(folder, count);
        nodes.startAll();
        config = Map.of("bootstrap.servers", nodes.addresses());
        admin = Admin.create(config);
    }

    @Override
    public Nodes nodes() {
        return nodes;
    }

    @Override
    public void createTopic(String topic, int partitions, int replicas) throws Exception {
        var minInSync = Integer.toString(Contender.minInSync(replicas));
        var wanted =
                new NewTopic(topic, partitions, (short) replicas).configs(Map.of("min.insync.replicas", minInSync));
        admin.createTopics(List.of(wanted)).all().get(ANSWER_SECONDS_MAX, TimeUnit.SECONDS);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(ANSWER_SECONDS_MAX);
        while (!isLed(topic, partitions)) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(topic + " has no leaders");
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    /// Whether all leaders answer: a broker may be named as the leader before it knows of that, and a producer that
    /// comes too early can be left with a batch that it never sends again.
    private boolean isLed(String topic, int partitions) throws InterruptedException, TimeoutException {
        var asked = IntStream.range(0, partitions)
                .boxed()
                .collect(Collectors.toMap(number -> new TopicPartition(topic, number), _ -> OffsetSpec.latest()));
        try {
            return admin.listOffsets(asked)
                            .all()
                            .get(ANSWER_SECONDS_MAX, TimeUnit.SECONDS)
                            .size()
                    == partitions;
        } catch (ExecutionException e) {
            return false;
        }
    }

    private TopicDescription describe(String topic) throws ExecutionException, InterruptedException, TimeoutException {
        var described = admin.describeTopics(List.of(topic)).allTopicNames().get(ANSWER_SECONDS_MAX, TimeUnit.SECONDS);
        return Optional.ofNullable(described.get(topic)).orElseThrow();
    }

    @Override
    public Writer writer(String topic, Writing writing) {
        var acks = Map.of("none", "0", "leader", "1").getOrDefault(writing.acks(), "all");
        Map<String, Object> all = Map.of(
                "bootstrap.servers",
                nodes.addresses(),
                "acks",
                acks,
                "enable.idempotence",
                writing.idempotent(),
                "compression.type",
                writing.compression().name().toLowerCase(Locale.ROOT),
                "linger.ms",
                writing.linger().toMillis(),
                "batch.size",
                writing.batchBytes());
        var producer = new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
        return new Writer() {
            @Override
            public void send(byte[] value, Outcome outcome) {
                var _ = producer.send(new ProducerRecord<>(topic, value), outcome);
            }

            @Override
            public void send(int partition, byte[] value, Outcome outcome) {
                var _ = producer.send(new ProducerRecord<>(topic, partition, null, value), outcome);
            }

            @Override
            public void flush() {
                producer.flush();
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
                read += polled.count();
            }
            return read;
        }
    }

    private KafkaConsumer<byte[], byte[]> consumer(String topic) {
        var consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        var partitions = consumer.partitionsFor(topic).stream()
                .map(one -> new TopicPartition(topic, one.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        return consumer;
    }

    @Override
    public Reader reader(String topic) {
        var consumer = consumer(topic);
        return new Reader() {
            @Override
            public void poll(Duration waitMax, Consumer<byte[]> values) {
                for (var record : consumer.poll(waitMax)) {
                    values.accept(record.value());
                }
            }

            @Override
            public void close() {
                consumer.close();
            }
        };
    }

    @Override
    public AutoCloseable idleReaders(String topic, int partitions, int count) throws Exception {
        var address = nodes.addresses().split(",", 2)[0].split(":", 2);
        var broker = new InetSocketAddress(address[0], Integer.parseInt(address[1]));
        return new IdleFetchers(broker, topic, partitions, count);
    }

    @Override
    public OptionalInt leader(String topic, int partition) throws Exception {
        var leader = describe(topic).partitions().get(partition).leader();
        return leader == null ? OptionalInt.empty() : OptionalInt.of(leader.id());
    }

    @Override
    public boolean isInSync(String topic) throws Exception {
        return describe(topic).partitions().stream()
                .allMatch(one -> one.isr().size() == one.replicas().size());
    }

    @Override
    public void close() {
        admin.close();
        nodes.close();
    }
}
