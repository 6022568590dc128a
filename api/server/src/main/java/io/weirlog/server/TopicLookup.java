package io.weirlog.server;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.MetadataFeed;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Leader;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// Finds topics and partitions in the newest metadata, and says what is wrong with a name that leads nowhere.
public final class TopicLookup {
    private final MetadataFeed feed;
    private final BrokerId self;

    /// What a name leads to.
    public sealed interface Found {
        record Topic(TopicImage topic) implements Found {}

        record Nothing(Problem problem) implements Found {}
    }

    public TopicLookup(MetadataFeed feed, BrokerId self) {
        this.feed = feed;
        this.self = self;
    }

    /// The broker that this is.
    public BrokerId self() {
        return self;
    }

    public boolean isSelf(Leader leader) {
        return leader.getBrokerId() == self.value();
    }

    public MetadataImage image() {
        return feed.image();
    }

    /// @param topicId the id that the topic must have; empty bytes if any will do
    /// @param partition if present, the topic must have it
    public Found find(String name, ByteString topicId, OptionalInt partition) {
        if (name.isEmpty()) {
            return new Found.Nothing(ServerProblems.invalidRequest("the request names no topic"));
        }
        var topic = image().topic(name);
        if (topic.isEmpty()) {
            return new Found.Nothing(ServerProblems.unknownTopic(name));
        }
        if (!topicId.isEmpty() && !topicId.equals(bytes(topic.get().id()))) {
            return new Found.Nothing(
                    ServerProblems.topicIdMismatch(name, topic.get().id()));
        }
        if (partition.isPresent() && topic.get().partition(partition.getAsInt()).isEmpty()) {
            return new Found.Nothing(ServerProblems.unknownPartition(
                    name, partition.getAsInt(), topic.get().partitions().size()));
        }
        return new Found.Topic(topic.get());
    }

    /// What is wrong with the name of a partition that is not there.
    public Problem unknown(String topic, int partition) {
        return image().topic(topic)
                .map(found -> ServerProblems.unknownPartition(
                        topic, partition, found.partitions().size()))
                .orElseGet(() -> ServerProblems.unknownTopic(topic));
    }

    /// The partition's leader as clients are told; empty if it has none.
    public Optional<Leader> leader(PartitionImage partition) {
        return partition
                .leader()
                .map(id -> Leader.newBuilder()
                        .setBrokerId(id.value())
                        .setLeaderEpoch(partition.leaderEpoch().value())
                        .setAddress(clientAddress(id))
                        .build());
    }

    /// Another broker that leads the partition; empty if this one does, or nobody, or if there is no such partition.
    public Optional<BrokerId> ledElsewhere(String topic, int partition) {
        return image().topic(topic)
                .filter(_ -> partition >= 0)
                .flatMap(found -> ledElsewhere(new TopicPartition(found.id(), partition)));
    }

    public Optional<BrokerId> ledElsewhere(TopicPartition id) {
        return image().partition(id).flatMap(PartitionImage::leader).filter(leader -> !leader.equals(self));
    }

    public Optional<Leader> leader(TopicPartition id) {
        return image().partition(id).flatMap(this::leader);
    }

    /// What a broker says that does not lead the partition, or not yet: who does. A leader that is still opening its
    /// log
    /// is ready soon.
    public Problem notLeader(String topic, TopicPartition id) {
        return leader(id)
                .filter(leader -> !isSelf(leader))
                .map(leader -> Problems.problem(
                        Status.Code.FAILED_PRECONDITION,
                        ErrorReason.ERROR_REASON_NOT_LEADER,
                        "partition " + id.partition() + " of topic '" + topic + "' is led by broker "
                                + leader.getBrokerId() + " at " + leader.getAddress() + ": go there",
                        Map.of(
                                "topic", topic,
                                "partition", Integer.toString(id.partition()),
                                "leader_id", Integer.toString(leader.getBrokerId()),
                                "leader_epoch", Integer.toString(leader.getLeaderEpoch()),
                                "leader_address", leader.getAddress())))
                .orElseGet(() -> ServerProblems.opening(topic, id.partition()));
    }

    private String clientAddress(BrokerId id) {
        return image().broker(id).map(TopicLookup::clientAddress).orElse("");
    }

    /// "host:port" of the broker's client listener.
    public static String clientAddress(BrokerImage broker) {
        var endpoint = broker.endpoints().get(Broker.CLIENT_LISTENER);
        return endpoint == null ? "" : endpoint.toString();
    }

    public static ByteString bytes(TopicId id) {
        return ByteString.copyFrom(id.toBytes());
    }
}
