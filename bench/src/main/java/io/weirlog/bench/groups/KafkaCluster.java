package io.weirlog.bench.groups;

import io.weirlog.bench.cluster.KafkaNodes;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

final class KafkaCluster implements Cluster {
    private static final long ANSWER_SECONDS_MAX = 120;
    /// Kafka's default.
    private static final long HEARTBEAT_MILLIS = 5_000;

    private final KafkaNodes nodes;
    private final KafkaProducer<byte[], byte[]> producer;

    /// @param session the timeout of all members: Kafka's broker sets it, and would not let it be as short
    KafkaCluster(Path folder, int count, Duration session) throws IOException, InterruptedException {
        var millis = Long.toString(session.toMillis());
        var heartbeat = Long.toString(Math.min(HEARTBEAT_MILLIS, session.toMillis() / 2));
        nodes = new KafkaNodes(
                folder,
                count,
                Map.of(
                        "group.consumer.session.timeout.ms",
                        millis,
                        "group.consumer.min.session.timeout.ms",
                        millis,
                        "group.consumer.heartbeat.interval.ms",
                        heartbeat,
                        "group.consumer.min.heartbeat.interval.ms",
                        heartbeat,
                        "offsets.topic.replication.factor",
                        Integer.toString(count)));
        nodes.startAll();
        Map<String, Object> config = Map.of("bootstrap.servers", nodes.addresses());
        producer = new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Override
    public String addresses() {
        return nodes.addresses();
    }

    @Override
    public void createTopic(String topic, int partitions) throws Exception {
        try (var admin = Admin.create(Map.<String, Object>of("bootstrap.servers", addresses()))) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) nodes.count())))
                    .all()
                    .get(ANSWER_SECONDS_MAX, TimeUnit.SECONDS);
        }
    }

    @Override
    public void send(String topic, int partition, byte[] value) {
        var _ = producer.send(new ProducerRecord<>(topic, partition, null, value));
    }

    @Override
    public void close() {
        producer.close();
        nodes.close();
    }
}
