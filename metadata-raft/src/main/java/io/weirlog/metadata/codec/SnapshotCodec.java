package io.weirlog.metadata.codec;

import com.google.protobuf.InvalidProtocolBufferException;
import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.InvariantViolation;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.metadata.core.RequestLog;
import io.weirlog.storage.v1.AnswerRecord;
import io.weirlog.storage.v1.BrokerRecord;
import io.weirlog.storage.v1.PartitionRecord;
import io.weirlog.storage.v1.SnapshotRecord;
import io.weirlog.storage.v1.TopicRecord;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;

/// The whole state as one checked piece. Integers are big-endian:
///
/// ```
///  0        8         12        16             24
/// +--------+---------+---------+--------------+----------------------------------+
/// | magic  | version | CRC-32C | body length  | body: SnapshotRecord             |
/// | WLMETA | 1       |         | in bytes     | of weirlog.storage.v1            |
/// +--------+---------+---------+--------------+----------------------------------+
///                              |<-------- what the checksum covers ------------->|
/// ```
///
/// The body of equal states is equal, byte for byte: [#hash] is taken from it (M2).
public final class SnapshotCodec {
    private static final long MAGIC = 0x574c_4d45_5441_000aL; // "WLMETA", a zero and a newline.
    private static final int VERSION = 1;
    private static final int CRC_POSITION = Long.BYTES + Integer.BYTES;
    private static final int CHECKED_POSITION = CRC_POSITION + Integer.BYTES;
    private static final int BODY_POSITION = CHECKED_POSITION + Long.BYTES;

    private SnapshotCodec() {}

    public static byte[] encode(MetadataState state) {
        byte[] body = body(state);
        var file = ByteBuffer.allocate(Math.addExact(BODY_POSITION, body.length));
        file.putLong(MAGIC).putInt(VERSION).putInt(0).putLong(body.length).put(body);
        file.putInt(CRC_POSITION, crc(file.array()));
        return file.array();
    }

    /// @throws MalformedRecordException if anything of it is damaged, or it was written by a later version
    public static MetadataState decode(byte[] bytes) throws MalformedRecordException {
        var file = ByteBuffer.wrap(bytes);
        if (bytes.length < BODY_POSITION || file.getLong() != MAGIC) {
            throw new MalformedRecordException("no metadata snapshot");
        }
        int version = file.getInt();
        if (version != VERSION) {
            throw new MalformedRecordException("a metadata snapshot of version " + version + ", not " + VERSION);
        }
        if (file.getInt() != crc(bytes) || file.getLong() != file.remaining()) {
            throw new MalformedRecordException("a damaged metadata snapshot: its checksum or length is wrong");
        }
        try {
            return state(SnapshotRecord.parseFrom(file));
        } catch (InvalidProtocolBufferException | InvariantViolation e) {
            throw new MalformedRecordException("a metadata snapshot that contradicts itself", e);
        }
    }

    /// SHA-256 of the state in hexadecimal: voters at the same log index have the same (M2).
    public static String hash(MetadataState state) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body(state)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    private static int crc(byte[] file) {
        var crc = new CRC32C();
        crc.update(file, CHECKED_POSITION, file.length - CHECKED_POSITION);
        return (int) crc.getValue();
    }

    private static byte[] body(MetadataState state) {
        var record = SnapshotRecord.newBuilder().setIndex(state.index()).setNextProducerId(state.nextProducerId());
        state.brokers().values().forEach(broker -> record.addBrokers(record(broker)));
        state.topics().byNames().forEach(topic -> record.addTopics(record(topic)));
        state.requests().answers().forEach(answer -> record.addAnswers(record(answer)));
        return record.build().toByteArray();
    }

    private static MetadataState state(SnapshotRecord record) throws MalformedRecordException {
        var brokers = new ArrayList<BrokerImage>(record.getBrokersCount());
        for (var broker : record.getBrokersList()) {
            brokers.add(image(broker));
        }
        var topics = new ArrayList<TopicImage>(record.getTopicsCount());
        for (var topic : record.getTopicsList()) {
            topics.add(image(topic));
        }
        var answers = new ArrayList<RequestLog.Answer>(record.getAnswersCount());
        for (var answer : record.getAnswersList()) {
            var requestId = Fields.requestId(answer.getRequestId());
            answers.add(new RequestLog.Answer(requestId, answer.getIndex(), ReplyCodec.reply(answer.getReply())));
        }
        return MetadataState.restore(record.getIndex(), brokers, topics, record.getNextProducerId(), answers);
    }

    private static BrokerRecord record(BrokerImage broker) {
        var record = BrokerRecord.newBuilder()
                .setBrokerId(broker.id().value())
                .setBrokerEpoch(broker.epoch().value())
                .setIncarnation(Fields.bytes(broker.incarnation()))
                .addAllEndpoints(Fields.endpoints(broker.endpoints()))
                .setFenced(broker.fenced())
                .setDraining(broker.draining());
        broker.rack().ifPresent(record::setRack);
        return record.build();
    }

    private static BrokerImage image(BrokerRecord record) throws MalformedRecordException {
        return new BrokerImage(
                new BrokerId(record.getBrokerId()),
                new BrokerEpoch(record.getBrokerEpoch()),
                record.hasRack() ? Optional.of(record.getRack()) : Optional.empty(),
                Fields.endpoints(record.getEndpointsList()),
                record.getFenced(),
                record.getDraining(),
                Fields.uuid(record.getIncarnation()));
    }

    private static TopicRecord record(TopicImage topic) {
        var record = TopicRecord.newBuilder()
                .setName(topic.name())
                .setTopicId(Fields.bytes(topic.id().value()))
                .addAllConfigs(Fields.configs(topic.configs()));
        topic.partitions().forEach(partition -> record.addPartitions(record(partition)));
        return record.build();
    }

    private static TopicImage image(TopicRecord record) throws MalformedRecordException {
        var partitions = new ArrayList<PartitionImage>(record.getPartitionsCount());
        for (var partition : record.getPartitionsList()) {
            partitions.add(image(partitions.size(), partition));
        }
        return new TopicImage(
                record.getName(),
                Fields.topicId(record.getTopicId()),
                partitions,
                Fields.configs(record.getConfigsList()));
    }

    private static PartitionRecord record(PartitionImage partition) {
        var record = PartitionRecord.newBuilder()
                .addAllReplicas(numbers(partition.replicas()))
                .addAllInSyncReplicas(numbers(partition.inSyncReplicas()))
                .setLeaderEpoch(partition.leaderEpoch().value())
                .setPartitionEpoch(partition.partitionEpoch())
                .addAllEligibleLeaderReplicas(numbers(partition.eligibleLeaderReplicas()));
        partition.leader().ifPresent(leader -> record.setLeader(leader.value()));
        return record.build();
    }

    private static PartitionImage image(int number, PartitionRecord record) {
        var replicas = brokers(record.getReplicasList());
        var inSync = brokers(record.getInSyncReplicasList());
        return new PartitionImage(
                number,
                replicas,
                inSync.equals(replicas) ? replicas : inSync, // Shared where it can be: there may be 100,000 partitions.
                record.hasLeader() ? Optional.of(new BrokerId(record.getLeader())) : Optional.empty(),
                new LeaderEpoch(record.getLeaderEpoch()),
                record.getPartitionEpoch(),
                brokers(record.getEligibleLeaderReplicasList()));
    }

    private static AnswerRecord record(RequestLog.Answer answer) {
        return AnswerRecord.newBuilder()
                .setRequestId(Fields.bytes(answer.requestId().value()))
                .setIndex(answer.index())
                .setReply(ReplyCodec.record(answer.reply()))
                .build();
    }

    private static List<Integer> numbers(List<BrokerId> brokers) {
        return brokers.stream().map(BrokerId::value).toList();
    }

    private static List<BrokerId> brokers(List<Integer> numbers) {
        return numbers.stream().map(BrokerId::new).collect(Collectors.toUnmodifiableList());
    }
}
