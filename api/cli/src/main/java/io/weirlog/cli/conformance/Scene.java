package io.weirlog.cli.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import io.weirlog.client.NewTopic;
import io.weirlog.client.PartitionRef;
import io.weirlog.client.StartAt;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.Replicas;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What one play has around its driver: a topic and a group of its own, and what its variables stand for.
final class Scene implements AutoCloseable {
    /// Nothing listens there: it is kept for that.
    private static final String NOBODY = "127.0.0.1:1";

    private final ClusterUnderTest cluster;
    private final WeirlogClient client;
    private final BrokerCalls brokers;
    private final String topic;
    private Optional<FaultyBroker> faulty = Optional.empty();

    Scene(ClusterUnderTest cluster, WeirlogClient client, BrokerCalls brokers, String topic) {
        this.cluster = cluster;
        this.client = client;
        this.brokers = brokers;
        this.topic = topic;
    }

    ClusterUnderTest cluster() {
        return cluster;
    }

    void create(Scenario.TopicPlan plan) {
        int nodes = cluster.addresses().size();
        if (plan.leader().isEmpty()) {
            client.admin().createTopic(new NewTopic(topic, plan.partitions(), Math.min(3, nodes), plan.configs()));
            brokers.awaitTopic(topic, plan.partitions());
            return;
        }
        var request = CreateTopicRequest.newBuilder().setName(topic).putAllConfigs(plan.configs());
        for (int partition = 0; partition < plan.partitions(); partition++) {
            var replicas = Replicas.newBuilder();
            for (int index = 0; index < nodes; index++) {
                replicas.addBrokerIds((plan.leader().get() - 1 + index) % nodes + 1);
            }
            request.addReplicas(replicas);
        }
        brokers.create(request.build());
        brokers.awaitTopic(topic, plan.partitions());
    }

    /// ```
    /// $topic, $group   names of this play's own
    /// $all             the addresses of all brokers
    /// $leader, $other  the address of partition 0's leader; of another broker, where there is one
    /// $faulty          the address of the broker that can have faults, in front of partition 0's leader
    /// $dead_first      an address where nobody listens, and that of a broker
    /// ```
    JsonElement variable(String name) {
        return switch (name) {
            case "topic", "group" -> new JsonPrimitive(topic);
            case "all" -> ScenarioFile.array(cluster.addresses());
            case "leader" -> ScenarioFile.array(List.of(leader()));
            case "other" -> {
                var leader = leader();
                yield ScenarioFile.array(List.of(cluster.addresses().stream()
                        .filter(address -> !address.equals(leader))
                        .findFirst()
                        .orElse(leader)));
            }
            case "faulty" -> ScenarioFile.array(List.of(faulty().address()));
            case "dead_first" -> ScenarioFile.array(List.of(NOBODY, leader()));
            default -> throw new IllegalArgumentException("there is no variable $" + name);
        };
    }

    FaultyBroker faulty() {
        if (faulty.isEmpty()) {
            try {
                faulty = Optional.of(new FaultyBroker(leader()));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return faulty.get();
    }

    private String leader() {
        return client.admin()
                .describeTopic(topic)
                .partitions()
                .getFirst()
                .leader()
                .orElseThrow(() -> new IllegalStateException("partition 0 of " + topic + " has no leader"))
                .address();
    }

    /// Whether another broker than this one leads each partition.
    boolean isLedWithout(int broker) {
        try {
            return client.admin().describeTopic(topic).partitions().stream()
                    .allMatch(partition -> partition
                            .leader()
                            .filter(leader -> leader.broker().value() != broker)
                            .isPresent());
        } catch (WeirlogException e) {
            return false;
        }
    }

    boolean isInSync() {
        try {
            return client.admin().describeTopic(topic).partitions().stream()
                    .allMatch(partition -> partition.leader().isPresent()
                            && partition.inSyncReplicas().size()
                                    == partition.replicas().size());
        } catch (WeirlogException e) {
            return false;
        }
    }

    void write(int partition, JsonElement records) {
        try (var producer = client.producer()) {
            for (var record : records.getAsJsonArray()) {
                var plain = Records.toWrite(topic, record.getAsJsonObject());
                var _ = producer.send(plain.toPartition(partition)).join();
            }
        }
    }

    void deleteBefore(long offset) {
        client.admin().deleteRecords(Map.of(new PartitionRef(topic, 0), offset));
    }

    /// All records of partition 0, in the form of a driver's answer.
    JsonArray read() {
        long end = client.admin()
                .listOffsets(List.of(new PartitionRef(topic, 0)), StartAt.latest())
                .getFirst()
                .offset()
                .orElse(0);
        return Records.read(client, topic, end);
    }

    @Override
    public void close() {
        faulty.ifPresent(FaultyBroker::close);
        try {
            client.admin().deleteTopic(topic);
        } catch (WeirlogException e) {
            // There was none, or the cluster is gone: the next play has another topic.
        }
    }
}
