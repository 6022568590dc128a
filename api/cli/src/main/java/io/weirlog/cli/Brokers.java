package io.weirlog.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.weirlog.client.BrokerDescription;
import java.util.List;

/// Brokers as people and programs read them.
final class Brokers {
    private Brokers() {}

    static String table(List<BrokerDescription> brokers) {
        var table = new TextTable("BROKER", "ADDRESS", "RACK", "STATE", "LEADS", "REPLICAS");
        brokers.forEach(broker -> table.row(
                broker.id(),
                broker.address(),
                broker.rack().isEmpty() ? "-" : broker.rack(),
                state(broker),
                broker.ledPartitions(),
                broker.replicas()));
        return table.toString();
    }

    static String state(BrokerDescription broker) {
        if (broker.fenced()) {
            return "out of service";
        }
        return broker.draining() ? "draining" : "in service";
    }

    static JsonArray json(List<BrokerDescription> brokers) {
        var array = new JsonArray();
        brokers.forEach(broker -> array.add(json(broker)));
        return array;
    }

    static JsonObject json(BrokerDescription broker) {
        var json = new JsonObject();
        json.addProperty("broker_id", broker.id().value());
        json.addProperty("address", broker.address());
        json.addProperty("rack", broker.rack());
        json.addProperty("fenced", broker.fenced());
        json.addProperty("draining", broker.draining());
        json.addProperty("led_partitions", broker.ledPartitions());
        json.addProperty("replicas", broker.replicas());
        json.addProperty("feature_level_max", broker.featureLevelMax());
        return json;
    }
}
