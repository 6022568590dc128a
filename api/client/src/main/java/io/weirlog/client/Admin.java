package io.weirlog.client;

import com.google.protobuf.ByteString;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.v1.AdminServiceGrpc;
import io.weirlog.v1.AlterTopicRequest;
import io.weirlog.v1.CheckHealthRequest;
import io.weirlog.v1.CheckStopRequest;
import io.weirlog.v1.ClusterServiceGrpc;
import io.weirlog.v1.CreatePartitionsRequest;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.DeleteTopicRequest;
import io.weirlog.v1.DescribeClusterRequest;
import io.weirlog.v1.DescribeTopicRequest;
import io.weirlog.v1.DrainBrokerRequest;
import io.weirlog.v1.ElectLeadersRequest;
import io.weirlog.v1.ListTopicsRequest;
import io.weirlog.v1.UnregisterBrokerRequest;
import io.weirlog.v1.UpgradeClusterRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;

/// Administers topics and looks things up. Every call blocks for at most the client's request timeout and throws a
/// [WeirlogException] if it fails; a call that is repeated for a lost answer is done once. Thread-safe.
public final class Admin {
    private static final int ELECTIONS_PER_REQUEST = 1_000;

    private final UnaryCalls calls;
    private final MetadataCache metadata;
    private final Duration timeout;

    Admin(UnaryCalls calls, MetadataCache metadata) {
        this.calls = calls;
        this.metadata = metadata;
        this.timeout = calls.connections().config().requestTimeout();
    }

    /// Creates a topic.
    ///
    /// @throws WeirlogException `TOPIC_EXISTS`, `INVALID_TOPIC`, `INVALID_CONFIG`, `INVALID_PARTITION_COUNT`,
    ///     `INVALID_REPLICATION_FACTOR`
    public TopicDescription createTopic(NewTopic topic) {
        var request = CreateTopicRequest.newBuilder()
                .setName(topic.name())
                .putAllConfigs(topic.configs())
                .setRequestId(requestId());
        topic.partitions().ifPresent(request::setPartitions);
        topic.replicationFactor().ifPresent(request::setReplicationFactor);
        var answer = calls.call(AdminServiceGrpc.getCreateTopicMethod(), request.build(), timeout);
        metadata.saw(answer.getMetadataIndex());
        return FromProto.description(answer.getTopic());
    }

    /// All topics.
    public List<TopicListing> listTopics() {
        var topics = new ArrayList<TopicListing>();
        var pageToken = "";
        do {
            var request = ListTopicsRequest.newBuilder().setPageToken(pageToken).build();
            var page = calls.call(AdminServiceGrpc.getListTopicsMethod(), request, timeout);
            page.getTopicsList().forEach(topic -> topics.add(FromProto.listing(topic)));
            pageToken = page.getNextPageToken();
        } while (!pageToken.isEmpty());
        return topics;
    }

    /// @throws WeirlogException `UNKNOWN_TOPIC`
    public TopicDescription describeTopic(String topic) {
        var request = DescribeTopicRequest.newBuilder().setName(topic).build();
        return FromProto.description(calls.call(AdminServiceGrpc.getDescribeTopicMethod(), request, timeout)
                .getTopic());
    }

    /// Changes some of a topic's configs; the others stay.
    ///
    /// @param set new values by key
    /// @param delete keys that go back to their defaults
    /// @throws WeirlogException `UNKNOWN_TOPIC`, `INVALID_CONFIG`
    public TopicDescription alterTopic(String topic, Map<String, String> set, Set<String> delete) {
        var request = AlterTopicRequest.newBuilder()
                .setName(topic)
                .putAllSetConfigs(set)
                .addAllDeleteConfigs(delete)
                .setRequestId(requestId())
                .build();
        var answer = calls.call(AdminServiceGrpc.getAlterTopicMethod(), request, timeout);
        metadata.saw(answer.getMetadataIndex());
        return FromProto.description(answer.getTopic());
    }

    /// Adds partitions to a topic; records keep theirs.
    ///
    /// @param partitions how many the topic is to have then: more than now
    /// @throws WeirlogException `UNKNOWN_TOPIC`, `INVALID_PARTITION_COUNT`, `INVALID_REPLICATION_FACTOR`
    public TopicDescription createPartitions(String topic, int partitions) {
        var request = CreatePartitionsRequest.newBuilder()
                .setName(topic)
                .setPartitions(partitions)
                .setRequestId(requestId())
                .build();
        var answer = calls.call(AdminServiceGrpc.getCreatePartitionsMethod(), request, timeout);
        metadata.saw(answer.getMetadataIndex());
        return FromProto.description(answer.getTopic());
    }

    /// Elects leaders for these partitions, where that is needed and can be done; each is answered for by itself, in
    /// their order.
    public List<ElectedPartition> electLeaders(LeaderElection kind, List<PartitionRef> partitions) {
        var elected = new ArrayList<ElectedPartition>(partitions.size());
        for (var from = 0; from < partitions.size(); from += ELECTIONS_PER_REQUEST) {
            var some = partitions.subList(from, Math.min(partitions.size(), from + ELECTIONS_PER_REQUEST));
            var request =
                    ElectLeadersRequest.newBuilder().setKind(ToProto.kind(kind)).setRequestId(requestId());
            some.forEach(partition -> request.addPartitions(ToProto.partition(partition)));
            var answer = calls.call(AdminServiceGrpc.getElectLeadersMethod(), request.build(), timeout);
            metadata.saw(answer.getMetadataIndex());
            for (var i = 0; i < some.size(); i++) {
                elected.add(new ElectedPartition(some.get(i), FromProto.outcome(answer.getOutcomes(i))));
            }
        }
        return elected;
    }

    /// Deletes a topic with all its records.
    ///
    /// @throws WeirlogException `UNKNOWN_TOPIC`
    public void deleteTopic(String topic) {
        delete(DeleteTopicRequest.newBuilder().setName(topic));
    }

    /// Deletes a topic only if it is still this one.
    ///
    /// @throws WeirlogException `UNKNOWN_TOPIC`, `TOPIC_ID_MISMATCH`
    public void deleteTopic(String topic, TopicId id) {
        delete(DeleteTopicRequest.newBuilder().setName(topic).setTopicId(ByteString.copyFrom(id.toBytes())));
    }

    private void delete(DeleteTopicRequest.Builder request) {
        var answer = calls.call(
                AdminServiceGrpc.getDeleteTopicMethod(),
                request.setRequestId(requestId()).build(),
                timeout);
        metadata.saw(answer.getMetadataIndex());
    }

    public ClusterDescription describeCluster() {
        return FromProto.cluster(calls.call(
                ClusterServiceGrpc.getDescribeClusterMethod(), DescribeClusterRequest.getDefaultInstance(), timeout));
    }

    /// What is wrong with the cluster, the worst first; empty if nothing is.
    public List<HealthProblem> checkHealth() {
        var request = CheckHealthRequest.getDefaultInstance();
        return calls.call(ClusterServiceGrpc.getCheckHealthMethod(), request, timeout).getProblemsList().stream()
                .map(FromProto::problem)
                .toList();
    }

    /// Whether a broker could be stopped now without harm.
    ///
    /// @throws WeirlogException `UNKNOWN_BROKER`
    public StopCheck checkStop(BrokerId broker) {
        var request = CheckStopRequest.newBuilder().setBrokerId(broker.value()).build();
        return FromProto.stopCheck(calls.call(ClusterServiceGrpc.getCheckStopMethod(), request, timeout));
    }

    /// Moves a broker's leaderships away, as before a stop; [#checkStop] tells how far that is.
    ///
    /// @throws WeirlogException `UNKNOWN_BROKER`
    public void drainBroker(BrokerId broker) {
        drain(broker, false);
    }

    /// Calls a drain off: the broker is in service again.
    ///
    /// @throws WeirlogException `UNKNOWN_BROKER`
    public void cancelDrain(BrokerId broker) {
        drain(broker, true);
    }

    private void drain(BrokerId broker, boolean cancel) {
        var answer = calls.call(
                ClusterServiceGrpc.getDrainBrokerMethod(),
                DrainBrokerRequest.newBuilder()
                        .setBrokerId(broker.value())
                        .setCancel(cancel)
                        .setRequestId(requestId())
                        .build(),
                timeout);
        metadata.saw(answer.getMetadataIndex());
    }

    /// Makes the cluster forget a broker that is gone for good.
    ///
    /// @throws WeirlogException `UNKNOWN_BROKER`; `INVALID_REQUEST` while it serves, or has replicas
    public void unregisterBroker(BrokerId broker) {
        var request = UnregisterBrokerRequest.newBuilder()
                .setBrokerId(broker.value())
                .setRequestId(requestId())
                .build();
        metadata.saw(calls.call(ClusterServiceGrpc.getUnregisterBrokerMethod(), request, timeout)
                .getMetadataIndex());
    }

    /// Lets all nodes use what a newer version brought. There is no way back to the older one from then on.
    ///
    /// @param featureLevel empty: the highest that every registered node supports
    /// @param dryRun only tells whether it could be done
    /// @throws WeirlogException `INVALID_REQUEST` that names the nodes which do not support it
    public FeatureUpgrade upgradeCluster(OptionalInt featureLevel, boolean dryRun) {
        var request = UpgradeClusterRequest.newBuilder().setDryRun(dryRun).setRequestId(requestId());
        featureLevel.ifPresent(request::setFeatureLevel);
        var answer = calls.call(ClusterServiceGrpc.getUpgradeClusterMethod(), request.build(), timeout);
        metadata.saw(answer.getMetadataIndex());
        return new FeatureUpgrade(answer.getFeatureLevelBefore(), answer.getFeatureLevel());
    }

    /// The offsets that a reader starting there would begin at, for all partitions of a topic, in order.
    ///
    /// @throws WeirlogException `UNKNOWN_TOPIC`, or what is wrong with the first partition that cannot tell
    public List<PartitionOffset> listOffsets(String topic, StartAt position) {
        var partitions = describeTopic(topic).partitions().size();
        return listOffsets(
                IntStream.range(0, partitions)
                        .mapToObj(partition -> new PartitionRef(topic, partition))
                        .toList(),
                position);
    }

    /// The same for these partitions, in their order.
    public List<PartitionOffset> listOffsets(Collection<PartitionRef> partitions, StartAt position) {
        return new OffsetLookup(calls, ToProto.start(position), timeout).find(partitions);
    }

    /// Deletes the records before an offset, in each of these partitions; each is answered for by itself. The high
    /// watermark is the largest offset that can be asked for: [#listOffsets] finds it at [StartAt#latest]. What is
    /// refused tells why: `UNKNOWN_TOPIC`, `UNKNOWN_PARTITION`, `OFFSET_OUT_OF_RANGE`, `POLICY_VIOLATION` for
    /// topics that are only compacted, or what kept the leader from answering.
    ///
    /// @param before the first offset that stays, by partition
    /// @throws WeirlogException if no broker can be reached
    public Map<PartitionRef, DeletionOutcome> deleteRecords(Map<PartitionRef, Long> before) {
        return new RecordDeletion(calls, before).run(timeout);
    }

    private static ByteString requestId() {
        return ByteString.copyFrom(new TopicId(UUID.randomUUID()).toBytes());
    }
}
