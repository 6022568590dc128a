package io.weirlog.bench.topics;

import io.weirlog.bench.cluster.WeirlogNodes;
import io.weirlog.client.Acknowledgement;
import io.weirlog.client.NewTopic;
import io.weirlog.client.Producer;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.WeirlogClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

final class WeirlogContender implements Contender {
    private static final long ACKNOWLEDGED_SECONDS_MAX = 120;

    private final String durability;
    private final WeirlogNodes nodes;
    private final WeirlogClient client;
    private final Producer producer;

    /// @param durability the class of the topics
    WeirlogContender(Path folder, int count, String durability) throws IOException, InterruptedException {
        this.durability = durability;
        nodes = new WeirlogNodes(folder, Collections.nCopies(count, "controller,broker"), Map.of());
        nodes.startAll();
        client = WeirlogClient.connect(
                IntStream.rangeClosed(1, count).mapToObj(nodes::address).toArray(String[]::new));
        producer = client.producer();
    }

    @Override
    public Taken serve(String topic, int partitions, int replicas) throws Exception {
        long begun = System.nanoTime();
        client.admin().createTopic(new NewTopic(topic, partitions, replicas, Map.of("durability", durability)));
        long created = System.nanoTime();
        var acknowledgements = new ArrayList<CompletableFuture<Acknowledgement>>();
        for (int partition = 0; partition < partitions; partition++) {
            acknowledgements.add(
                    producer.send(ProducerRecord.of(topic, "0123456789").toPartition(partition)));
        }
        for (var acknowledgement : acknowledgements) {
            acknowledgement.get(ACKNOWLEDGED_SECONDS_MAX, TimeUnit.SECONDS);
        }
        return new Taken((created - begun) / 1e6, (System.nanoTime() - begun) / 1e6);
    }

    @Override
    public void close() {
        producer.close();
        client.close();
        nodes.close();
    }
}
