package io.weirlog.metadata;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.RequestId;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/// Commands as a proposer makes them, with ids that count up, so that a test is the same each time.
public final class Commands {
    private static final AtomicLong IDS = new AtomicLong();

    private Commands() {}

    public static RequestId request() {
        return new RequestId(new UUID(1, IDS.incrementAndGet()));
    }

    public static MetadataCommand.RegisterBroker register(int broker) {
        return register(broker, new UUID(2, IDS.incrementAndGet()), false);
    }

    public static MetadataCommand.RegisterBroker register(int broker, UUID incarnation, boolean fenced) {
        return new MetadataCommand.RegisterBroker(
                request(),
                new BrokerId(broker),
                incarnation,
                Optional.empty(),
                Map.of("client", new Endpoint("broker-" + broker, 7171)),
                fenced);
    }

    public static MetadataCommand.FenceBroker fence(int broker, BrokerEpoch epoch) {
        return new MetadataCommand.FenceBroker(request(), new BrokerId(broker), epoch);
    }

    public static MetadataCommand.UnfenceBroker unfence(int broker, BrokerEpoch epoch) {
        return new MetadataCommand.UnfenceBroker(request(), new BrokerId(broker), epoch);
    }

    public static MetadataCommand.DrainBroker drain(int broker, BrokerEpoch epoch) {
        return new MetadataCommand.DrainBroker(request(), new BrokerId(broker), epoch);
    }

    public static MetadataCommand.UnregisterBroker unregister(int broker, BrokerEpoch epoch) {
        return new MetadataCommand.UnregisterBroker(request(), new BrokerId(broker), epoch);
    }

    public static MetadataCommand.CreateTopic create(String name, int partitions, int replicationFactor) {
        return create(name, partitions, replicationFactor, Map.of());
    }

    public static MetadataCommand.CreateTopic create(
            String name, int partitions, int replicationFactor, Map<String, String> configs) {
        var topicId = new TopicId(new UUID(3, IDS.incrementAndGet()));
        return new MetadataCommand.CreateTopic(request(), name, topicId, partitions, replicationFactor, configs);
    }

    public static MetadataCommand.DeleteTopic delete(String name) {
        return new MetadataCommand.DeleteTopic(request(), name);
    }
}
