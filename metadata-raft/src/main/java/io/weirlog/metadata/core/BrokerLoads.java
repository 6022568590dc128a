package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Invariant;
import io.weirlog.metadata.PartitionImage;
import java.util.Collection;
import java.util.SortedMap;
import java.util.TreeMap;
import org.pcollections.TreePMap;

/// What is placed on each broker, kept as topics come and go: counting all partitions anew for each new topic
/// would make the creation of many topics quadratic. Immutable; derived from the topics, so no snapshot holds
/// it.
final class BrokerLoads {
    static final BrokerLoads EMPTY = new BrokerLoads(TreePMap.empty());

    private final TreePMap<BrokerId, BrokerLoad> loads;

    private BrokerLoads(TreePMap<BrokerId, BrokerLoad> loads) {
        this.loads = loads;
    }

    BrokerLoad of(BrokerId broker) {
        return loads.getOrDefault(broker, BrokerLoad.NONE);
    }

    BrokerLoads plus(Collection<PartitionImage> partitions) {
        return sum(count(partitions), false);
    }

    BrokerLoads minus(Collection<PartitionImage> partitions) {
        return sum(count(partitions), true);
    }

    private BrokerLoads sum(SortedMap<BrokerId, BrokerLoad> changes, boolean subtract) {
        var sums = loads;
        for (var change : changes.entrySet()) {
            var delta = subtract ? change.getValue().negated() : change.getValue();
            var sum = of(change.getKey()).plus(delta);
            Invariant.check(sum.replicas() >= 0 && sum.preferredLeaders() >= 0, "broker load %s", sum);
            sums = sum.equals(BrokerLoad.NONE) ? sums.minus(change.getKey()) : sums.plus(change.getKey(), sum);
        }
        return new BrokerLoads(sums);
    }

    private static SortedMap<BrokerId, BrokerLoad> count(Collection<PartitionImage> partitions) {
        var counts = new TreeMap<BrokerId, BrokerLoad>();
        for (var partition : partitions) {
            var preferred = partition.replicas().getFirst();
            for (var replica : partition.replicas()) {
                counts.merge(replica, new BrokerLoad(1, replica.equals(preferred) ? 1 : 0), BrokerLoad::plus);
            }
        }
        return counts;
    }
}
