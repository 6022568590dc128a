package io.weirlog.server.admin;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.MetadataImage;
import java.util.HashMap;
import java.util.Map;

/// How many partitions each broker leads, and has a replica of.
final class ReplicaCounts {
    private final Map<BrokerId, Integer> led = new HashMap<>();
    private final Map<BrokerId, Integer> replicas = new HashMap<>();

    private ReplicaCounts() {}

    static ReplicaCounts of(MetadataImage image) {
        var counts = new ReplicaCounts();
        for (var topic : image.topics()) {
            for (var partition : topic.partitions()) {
                partition.leader().ifPresent(leader -> counts.led.merge(leader, 1, Integer::sum));
                partition.replicas().forEach(replica -> counts.replicas.merge(replica, 1, Integer::sum));
            }
        }
        return counts;
    }

    int led(BrokerId broker) {
        return led.getOrDefault(broker, 0);
    }

    int replicas(BrokerId broker) {
        return replicas.getOrDefault(broker, 0);
    }
}
