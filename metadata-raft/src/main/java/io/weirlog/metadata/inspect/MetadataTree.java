package io.weirlog.metadata.inspect;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.ControllerImage;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import io.weirlog.metadata.codec.CommandCodec;
import io.weirlog.metadata.codec.MalformedRecordException;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.metadata.ratis.RaftLogFile.Damage;
import io.weirlog.metadata.ratis.RaftLogFile.Entry;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Metadata as plain maps, lists, texts and numbers, whose order is always the same: what a program needs to print
/// them, as JSON or otherwise.
public final class MetadataTree {
    private MetadataTree() {}

    /// The whole state.
    public static Map<String, Object> of(long index, MetadataImage image) {
        var tree = new LinkedHashMap<String, Object>();
        tree.put("index", index);
        tree.put("feature_level", image.featureLevel());
        tree.put(
                "controllers",
                image.controllers().stream().map(MetadataTree::controller).toList());
        tree.put("brokers", image.brokers().stream().map(MetadataTree::broker).toList());
        tree.put("topics", image.topics().stream().map(MetadataTree::topic).toList());
        return tree;
    }

    /// A line for each controller, broker, topic and partition.
    static List<Map<String, Object>> lines(MetadataImage image) {
        var lines = new ArrayList<Map<String, Object>>();
        image.controllers().forEach(controller -> lines.add(line("controller", controller(controller))));
        image.brokers().forEach(broker -> lines.add(line("broker", broker(broker))));
        for (var topic : image.topics()) {
            var described = topic(topic);
            described.put("partitions", topic.partitions().size());
            lines.add(line("topic", described));
            for (var partition : topic.partitions()) {
                var line = line("partition", Map.of("topic", topic.name()));
                line.putAll(partition(partition));
                lines.add(line);
            }
        }
        return lines;
    }

    private static Map<String, Object> line(String kind, Map<String, Object> thing) {
        var line = new LinkedHashMap<String, Object>();
        line.put("kind", kind);
        line.putAll(thing);
        return line;
    }

    private static Map<String, Object> controller(ControllerImage controller) {
        var tree = new LinkedHashMap<String, Object>();
        tree.put("controller_id", controller.id().value());
        tree.put("endpoints", endpoints(controller.endpoints()));
        return tree;
    }

    private static Map<String, Object> endpoints(Map<String, Endpoint> endpoints) {
        var tree = new TreeMap<String, Object>();
        endpoints.forEach((name, endpoint) -> tree.put(name, text(endpoint)));
        return tree;
    }

    private static Map<String, Object> broker(BrokerImage broker) {
        var tree = new LinkedHashMap<String, Object>();
        tree.put("broker_id", broker.id().value());
        tree.put("broker_epoch", broker.epoch().value());
        broker.rack().ifPresent(rack -> tree.put("rack", rack));
        tree.put("endpoints", endpoints(broker.endpoints()));
        tree.put("fenced", broker.fenced());
        tree.put("draining", broker.draining());
        return tree;
    }

    private static String text(Endpoint endpoint) {
        return endpoint.toString();
    }

    private static Map<String, Object> topic(TopicImage topic) {
        var tree = new LinkedHashMap<String, Object>();
        tree.put("name", topic.name());
        tree.put("topic_id", topic.id().toString());
        tree.put("configs", new LinkedHashMap<>(topic.configs()));
        tree.put(
                "partitions",
                topic.partitions().stream().map(MetadataTree::partition).toList());
        return tree;
    }

    private static Map<String, Object> partition(PartitionImage partition) {
        var tree = new LinkedHashMap<String, Object>();
        tree.put("partition", partition.partition());
        tree.put("replicas", numbers(partition.replicas()));
        if (partition.reassignment().isPresent()) {
            tree.put("adding_replicas", numbers(partition.addingReplicas()));
            tree.put("removing_replicas", numbers(partition.removingReplicas()));
        }
        tree.put("in_sync_replicas", numbers(partition.inSyncReplicas()));
        tree.put("eligible_leader_replicas", numbers(partition.eligibleLeaderReplicas()));
        partition.leader().ifPresent(leader -> tree.put("leader", leader.value()));
        tree.put("leader_epoch", partition.leaderEpoch().value());
        tree.put("partition_epoch", partition.partitionEpoch());
        return tree;
    }

    private static List<Integer> numbers(List<BrokerId> brokers) {
        return brokers.stream().map(BrokerId::value).toList();
    }

    static Map<String, Object> snapshotLine(Path file, long index, Optional<MetadataState> state) {
        var line = new LinkedHashMap<String, Object>();
        line.put("kind", "snapshot");
        line.put("file", String.valueOf(file.getFileName()));
        line.put("index", index);
        state.ifPresentOrElse(
                good -> {
                    line.put("topics", good.topics().byNames().size());
                    line.put("partitions", good.topics().partitionCount());
                    line.put("brokers", good.brokers().size());
                },
                () -> line.put("problem", "it is damaged"));
        return line;
    }

    static Map<String, Object> entryLine(Entry entry) {
        var line = new LinkedHashMap<String, Object>();
        switch (entry) {
            case Entry.Command command -> {
                line.put("kind", "command");
                putPlace(line, entry);
                putCommand(line, command.bytes());
            }
            case Entry.Voters voters -> {
                line.put("kind", "voters");
                putPlace(line, entry);
                line.put("voters", numbers(voters.voters()));
                if (!voters.leaving().isEmpty()) {
                    line.put("until_committed", numbers(voters.leaving()));
                }
            }
            case Entry.CommitNote note -> {
                line.put("kind", "commit");
                putPlace(line, entry);
                line.put("commit_end", note.commitEnd());
            }
        }
        return line;
    }

    private static void putPlace(Map<String, Object> line, Entry entry) {
        line.put("index", entry.index());
        line.put("term", entry.term());
    }

    private static void putCommand(Map<String, Object> line, ByteBuffer bytes) {
        try {
            var command = CommandCodec.decode(bytes.duplicate());
            line.put("command", command.getClass().getSimpleName());
            line.put("text", command.toString());
        } catch (MalformedRecordException e) {
            line.put("problem", String.valueOf(e.getMessage()));
        }
    }

    static Map<String, Object> damageLine(Path file, Damage damage) {
        var line = new LinkedHashMap<String, Object>();
        line.put("kind", "damage");
        line.put("file", String.valueOf(file.getFileName()));
        line.put("position", damage.position());
        line.put("bytes", damage.bytes());
        line.put("problem", damage.problem());
        line.put("entries_behind", damage.entriesBehind());
        return line;
    }
}
