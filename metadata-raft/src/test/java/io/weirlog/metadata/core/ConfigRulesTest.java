package io.weirlog.metadata.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weirlog.metadata.Commands;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ConfigRulesTest {
    private final Cluster cluster = new Cluster();

    @Test
    void changesAddUp() {
        cluster.register(1);
        cluster.create("t", 1, Map.of("retention.ms", "1", "segment.ms", "5"));
        var applied = cluster.accepted(alter(Map.of("retention.bytes", "7", "segment.ms", "6"), "retention.ms"));
        assertEquals(
                Map.of("retention.bytes", "7", "segment.ms", "6"),
                cluster.topic().configs());
        assertEquals(1, applied.events().size());
        var again = cluster.accepted(alter(Map.of("segment.ms", "6"), "retention.ms"));
        assertEquals(List.of(), again.events(), "nothing is new");
        assertEquals(new MetadataReply.Done(cluster.state().index()), again.reply());
    }

    @Test
    void allProblemsAreTold() {
        cluster.register(1);
        cluster.create("t", 1, Map.of());
        var rejection = cluster.rejection(
                alter(Map.of("min.insync.replicas", "2", "flush.ms", "1"), "retentoin.ms", "flush.ms"));
        assertEquals(RejectReason.INVALID_CONFIG, rejection.reason());
        assertEquals(
                "flush.ms: either set or deleted, not both; unknown config \"retentoin.ms\", did you mean retention.ms?; "
                        + "min.insync.replicas: 2 is above the replication factor 1, so nothing could be acknowledged by all",
                rejection.message());
        assertEquals(
                "retention.ms: must be a whole number of at least -1, not \"soon\"",
                cluster.rejection(alter(Map.of("retention.ms", "soon"))).message());
        assertEquals(Map.of(), cluster.topic().configs());
        var unknown = new MetadataCommand.AlterTopicConfigs(
                Commands.request(), new TopicRef.ByName("none"), Map.of(), Set.of());
        assertEquals(RejectReason.TOPIC_NOT_FOUND, cluster.rejection(unknown).reason());
    }

    @Test
    void aSmallerMinimumLeavesNobodyEligible() {
        cluster.register(1, 2, 3);
        cluster.create("t", 3, Map.of("min.insync.replicas", "2"));
        cluster.fence(2);
        cluster.fence(3);
        cluster.assertPartition("leader 1, epoch 0, change 2, in sync [1], eligible [3]");
        cluster.accepted(alter(Map.of(), "min.insync.replicas"));
        // From now on 1 acknowledges alone, so 3 may lack records.
        cluster.assertPartition("leader 1, epoch 0, change 3, in sync [1], eligible []");
        cluster.accepted(alter(Map.of("min.insync.replicas", "3")));
        cluster.assertPartition("leader 1, epoch 0, change 3, in sync [1], eligible []");
    }

    @Test
    void aConsentToUncleanElectionsGivesALeader() {
        cluster.register(1, 2);
        cluster.create("t", 2, Map.of());
        cluster.fence(2);
        cluster.fence(1);
        cluster.unfence(2);
        cluster.assertPartition("leader -, epoch 1, change 2, in sync [1], eligible []");
        var applied = cluster.accepted(alter(Map.of("unclean.leader.election.enable", "true")));
        cluster.assertPartition("leader 2, epoch 2, change 3, in sync [2], eligible []");
        assertEquals(
                List.of(Optional.of(new Election(ElectionReason.CONFIGS_CHANGED, false))), Cluster.elections(applied));
    }

    @Test
    void aTopicKeepsItsPromises() {
        cluster.register(1);
        cluster.create("t", 1, Map.of("cleanup.policy", "compact"));
        assertEquals(
                "durability: a topic keeps what it was created with, fsync; cleanup.policy: compact cannot be taken "
                        + "back, since the log may have gaps by now; add delete to it",
                cluster.rejection(alter(Map.of("durability", "page-cache"), "cleanup.policy"))
                        .message());
        cluster.accepted(alter(Map.of("durability", "fsync", "cleanup.policy", "compact,delete")));
    }

    private static MetadataCommand alter(Map<String, String> set, String... delete) {
        return new MetadataCommand.AlterTopicConfigs(Commands.request(), new TopicRef.ByName("t"), set, Set.of(delete));
    }
}
