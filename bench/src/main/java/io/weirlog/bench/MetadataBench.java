package io.weirlog.bench;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import io.weirlog.metadata.codec.MalformedRecordException;
import io.weirlog.metadata.codec.SnapshotCodec;
import io.weirlog.metadata.core.IsrChange;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataMachine;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.metadata.core.RequestId;
import java.util.ArrayList;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// The metadata machine with 100,000 partitions on 30 brokers: what it takes in memory and on disk, how long its
/// snapshots take, and how many changes of partitions it applies. No disk and no network: what a voter computes.
public final class MetadataBench {
    private static final int TOPICS = 1_000;
    private static final int PARTITIONS_PER_TOPIC = 100;
    private static final int BROKERS = 30;
    private static final int ROUNDS = 5;
    private static final int BATCH = 1_000;

    private MetadataState state = MetadataState.EMPTY;
    private long requests;

    private MetadataBench() {}

    /// Prints one line for each figure.
    public static void main(String[] arguments) throws MalformedRecordException {
        var bench = new MetadataBench();
        long emptyBytes = usedBytes();
        bench.fill();
        print("partitions", bench.state.topics().partitionCount(), "");
        print("heap of the state", (usedBytes() - emptyBytes) / 1e6, "MB");
        bench.snapshots();
        for (int round = 0; round < ROUNDS; round++) {
            bench.alterInSyncSets();
        }
        for (int broker = 0; broker < ROUNDS; broker++) {
            bench.fence(new BrokerId(broker));
        }
    }

    private void fill() {
        for (int broker = 0; broker < BROKERS; broker++) {
            apply(new MetadataCommand.RegisterBroker(
                    request(),
                    new BrokerId(broker),
                    new UUID(2, broker),
                    Optional.of("rack-" + broker % 3),
                    Map.of("client", new Endpoint("broker-" + broker, 7171)),
                    false));
        }
        long begin = System.nanoTime();
        for (int topic = 0; topic < TOPICS; topic++) {
            apply(new MetadataCommand.CreateTopic(
                    request(),
                    "topic-" + topic,
                    new TopicId(new UUID(3, topic)),
                    PARTITIONS_PER_TOPIC,
                    3,
                    Map.of("min.insync.replicas", "2")));
        }
        rate("partitions created", TOPICS * PARTITIONS_PER_TOPIC, begin);
    }

    private void snapshots() throws MalformedRecordException {
        for (int round = 0; round < ROUNDS; round++) {
            long begin = System.nanoTime();
            byte[] snapshot = SnapshotCodec.encode(state);
            double encoded = seconds(begin);
            begin = System.nanoTime();
            var loaded = SnapshotCodec.decode(snapshot);
            double decoded = seconds(begin);
            if (loaded.index() != state.index()) {
                throw new IllegalStateException("the snapshot holds another state");
            }
            print("snapshot", snapshot.length / 1e6, "MB");
            print("snapshot taken", encoded, "s");
            print("snapshot loaded", decoded, "s");
        }
    }

    /// Every partition's last follower leaves the in-sync set and comes back, in batches of one leader each.
    private void alterInSyncSets() {
        long begin = System.nanoTime();
        int changes = alterAll(false) + alterAll(true);
        rate("in-sync sets altered", changes, begin);
    }

    private int alterAll(boolean whole) {
        int altered = 0;
        for (int broker = 0; broker < BROKERS; broker++) {
            var leader = new BrokerId(broker);
            var changes = new ArrayList<IsrChange>();
            for (var topic : state.topics().byNames()) {
                for (var partition : topic.partitions()) {
                    if (partition.leader().equals(Optional.of(leader))) {
                        changes.add(change(topic, partition, whole));
                    }
                }
            }
            for (int from = 0; from < changes.size(); from += BATCH) {
                var batch = changes.subList(from, Math.min(changes.size(), from + BATCH));
                apply(new MetadataCommand.AlterIsr(request(), leader, epoch(leader), batch));
                altered += batch.size();
            }
        }
        return altered;
    }

    private IsrChange change(TopicImage topic, PartitionImage partition, boolean whole) {
        var members = partition.replicas().stream()
                .limit(whole ? 3 : 2)
                .map(replica -> new IsrChange.Member(replica, epoch(replica)))
                .toList();
        return new IsrChange(
                new TopicPartition(topic.id(), partition.partition()),
                partition.leaderEpoch(),
                partition.partitionEpoch(),
                members);
    }

    private void fence(BrokerId broker) {
        long begin = System.nanoTime();
        int changes = apply(new MetadataCommand.FenceBroker(request(), broker, epoch(broker)));
        rate("partitions changed by a fencing, " + changes, changes, begin);
    }

    private int apply(MetadataCommand command) {
        var applied = MetadataMachine.apply(state, state.index() + 1, command);
        if (applied.reply() instanceof MetadataReply.Rejected rejected) {
            throw new IllegalStateException(rejected.message());
        }
        state = applied.state();
        return applied.events().size();
    }

    private BrokerEpoch epoch(BrokerId broker) {
        return Optional.ofNullable(state.brokers().get(broker))
                .map(BrokerImage::epoch)
                .orElseThrow();
    }

    private RequestId request() {
        return new RequestId(new UUID(1, requests++));
    }

    private static long usedBytes() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static double seconds(long beginNanos) {
        return (System.nanoTime() - beginNanos) / 1e9;
    }

    private static void rate(String what, int count, long beginNanos) {
        print(what, count / seconds(beginNanos), "/s");
    }

    private static void print(String what, double value, String unit) {
        System.out.printf(Locale.ROOT, "%-45s %,14.3f %s%n", what, value, unit);
    }
}
