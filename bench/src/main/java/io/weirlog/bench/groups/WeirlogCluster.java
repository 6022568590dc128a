package io.weirlog.bench.groups;

import io.weirlog.bench.cluster.WeirlogNodes;
import io.weirlog.client.NewTopic;
import io.weirlog.client.Producer;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.WeirlogClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

final class WeirlogCluster implements Cluster {
    private final WeirlogNodes nodes;
    private final String addresses;
    private final WeirlogClient client;
    private final Producer producer;

    WeirlogCluster(Path folder, int count) throws IOException, InterruptedException {
        nodes = new WeirlogNodes(folder, Collections.nCopies(count, "controller,broker"), Map.of());
        nodes.startAll();
        addresses = IntStream.rangeClosed(1, count).mapToObj(nodes::address).collect(Collectors.joining(","));
        client = WeirlogClient.connect(addresses.split(","));
        producer = client.producer();
    }

    @Override
    public String addresses() {
        return addresses;
    }

    @Override
    public void createTopic(String topic, int partitions) {
        client.admin().createTopic(new NewTopic(topic, partitions, nodes.count(), Map.of("durability", "page-cache")));
    }

    @Override
    public void send(String topic, int partition, byte[] value) {
        var _ = producer.send(ProducerRecord.of(topic, value).toPartition(partition));
    }

    @Override
    public void close() {
        client.close();
        nodes.close();
    }
}
