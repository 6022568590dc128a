package io.weirlog.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.weirlog.client.PartitionDescription;
import io.weirlog.client.TopicDescription;
import io.weirlog.client.TopicListing;
import io.weirlog.common.BrokerId;
import java.util.List;
import java.util.OptionalLong;

/// Topics as JSON, in the words of the contract; what is unknown is left out.
final class TopicJson {
    private TopicJson() {}

    static JsonObject of(TopicListing topic) {
        var json = new JsonObject();
        json.addProperty("name", topic.name());
        json.addProperty("topic_id", topic.id().toString());
        json.addProperty("partitions", topic.partitions());
        json.addProperty("replication_factor", topic.replicationFactor());
        return json;
    }

    static JsonObject of(TopicDescription topic) {
        var json = new JsonObject();
        json.addProperty("name", topic.name());
        json.addProperty("topic_id", topic.id().toString());
        var partitions = new JsonArray();
        topic.partitions().forEach(partition -> partitions.add(of(partition)));
        json.add("partitions", partitions);
        var configs = new JsonArray();
        topic.configs().forEach(config -> {
            var entry = new JsonObject();
            entry.addProperty("key", config.key());
            entry.addProperty("value", config.value());
            entry.addProperty("overridden", config.overridden());
            configs.add(entry);
        });
        json.add("configs", configs);
        return json;
    }

    private static JsonObject of(PartitionDescription partition) {
        var json = new JsonObject();
        json.addProperty("partition", partition.partition());
        partition.leader().ifPresent(leader -> {
            var leaderJson = new JsonObject();
            leaderJson.addProperty("broker_id", leader.broker().value());
            leaderJson.addProperty("leader_epoch", leader.epoch().value());
            leaderJson.addProperty("address", leader.address());
            json.add("leader", leaderJson);
        });
        json.add("replicas", brokers(partition.replicas()));
        json.add("in_sync_replicas", brokers(partition.inSyncReplicas()));
        if (!partition.addingReplicas().isEmpty()
                || !partition.removingReplicas().isEmpty()) {
            json.add("adding_replicas", brokers(partition.addingReplicas()));
            json.add("removing_replicas", brokers(partition.removingReplicas()));
        }
        json.addProperty("leader_epoch", partition.leaderEpoch());
        json.addProperty("partition_epoch", partition.partitionEpoch());
        add(json, "log_start_offset", partition.logStartOffset());
        add(json, "high_watermark", partition.highWatermark());
        add(json, "log_end_offset", partition.logEndOffset());
        add(json, "size_bytes", partition.sizeBytes());
        return json;
    }

    private static void add(JsonObject json, String name, OptionalLong value) {
        value.ifPresent(number -> json.addProperty(name, number));
    }

    private static JsonArray brokers(List<BrokerId> brokers) {
        var array = new JsonArray();
        brokers.forEach(broker -> array.add(broker.value()));
        return array;
    }
}
