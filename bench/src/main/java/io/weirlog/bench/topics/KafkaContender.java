package io.weirlog.bench.topics;

import io.weirlog.bench.cluster.KafkaNodes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

final class KafkaContender implements Contender {
    private static final long ACKNOWLEDGED_SECONDS_MAX = 120;

    private final KafkaNodes nodes;
    private final Admin admin;
    private final KafkaProducer<byte[], byte[]> producer;

    KafkaContender(Path folder, int count) throws IOException, InterruptedException {
        nodes = new KafkaNodes(folder, count);
        nodes.startAll();
        Map<String, Object> config = Map.of("bootstrap.servers", nodes.addresses());
        admin = Admin.create(config);
        Map<String, Object> producing = Map.of("bootstrap.servers", nodes.addresses(), "acks", "all");
        producer = new KafkaProducer<>(producing, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Override
    public Taken serve(String topic, int partitions, int replicas) throws Exception {
        long begun = System.nanoTime();
        admin.createTopics(List.of(new NewTopic(topic, partitions, (short) replicas)))
                .all()
                .get(ACKNOWLEDGED_SECONDS_MAX, TimeUnit.SECONDS);
        long created = System.nanoTime();
        var acknowledgements = new ArrayList<Future<RecordMetadata>>();
        for (int partition = 0; partition < partitions; partition++) {
            acknowledgements.add(producer.send(new ProducerRecord<>(topic, partition, null, new byte[10])));
        }
        for (var acknowledgement : acknowledgements) {
            acknowledgement.get(ACKNOWLEDGED_SECONDS_MAX, TimeUnit.SECONDS);
        }
        return new Taken((created - begun) / 1e6, (System.nanoTime() - begun) / 1e6);
    }

    @Override
    public void close() {
        producer.close();
        admin.close();
        nodes.close();
    }
}
