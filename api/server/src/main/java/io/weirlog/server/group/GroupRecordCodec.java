package io.weirlog.server.group;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.weirlog.common.InvariantViolation;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.codec.MalformedRecordException;
import io.weirlog.server.group.core.AssignorKind;
import io.weirlog.server.group.core.CommittedOffset;
import io.weirlog.server.group.core.GroupId;
import io.weirlog.server.group.core.GroupMeta;
import io.weirlog.server.group.core.GroupRecord;
import io.weirlog.server.group.core.InstanceId;
import io.weirlog.server.group.core.MemberId;
import io.weirlog.server.group.core.MemberTerms;
import io.weirlog.server.group.core.Subscription;
import io.weirlog.storage.v1.GroupAssignor;
import io.weirlog.storage.v1.GroupKeyRecord;
import io.weirlog.storage.v1.GroupMemberKeyRecord;
import io.weirlog.storage.v1.GroupMemberRecord;
import io.weirlog.storage.v1.GroupOffsetKeyRecord;
import io.weirlog.storage.v1.GroupOffsetRecord;
import io.weirlog.storage.v1.GroupSelfKeyRecord;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// The records of `__offsets` as keys and values.
public final class GroupRecordCodec {
    private static final String ASSIGNOR_PREFIX = "GROUP_ASSIGNOR_";

    private GroupRecordCodec() {}

    /// @param value empty for a tombstone
    public record Encoded(ByteString key, Optional<ByteString> value) {}

    public static Encoded encode(GroupRecord record) {
        var key = GroupKeyRecord.newBuilder().setGroupId(record.group().value());
        return switch (record) { // No default: a new record must not compile until it is encoded.
            case GroupRecord.GroupChanged(var _, var meta) -> encoded(key.setGroup(self()), value(meta));
            case GroupRecord.GroupRemoved _ -> tombstone(key.setGroup(self()));
            case GroupRecord.MemberChanged(var _, var member, var terms) ->
                encoded(key.setMember(key(member)), value(terms));
            case GroupRecord.MemberRemoved(var _, var member) -> tombstone(key.setMember(key(member)));
            case GroupRecord.TargetChanged(var _, var member, var partitions) ->
                encoded(key.setTarget(key(member)), GroupPartitions.target(partitions));
            case GroupRecord.TargetRemoved(var _, var member) -> tombstone(key.setTarget(key(member)));
            case GroupRecord.CurrentChanged(var _, var member, var current) ->
                encoded(key.setCurrent(key(member)), GroupPartitions.current(current));
            case GroupRecord.CurrentRemoved(var _, var member) -> tombstone(key.setCurrent(key(member)));
            case GroupRecord.OffsetCommitted(var _, var partition, var offset) ->
                encoded(key.setOffset(key(partition)), value(offset));
            case GroupRecord.OffsetRemoved(var _, var partition) -> tombstone(key.setOffset(key(partition)));
        };
    }

    /// @param value empty for a tombstone
    /// @throws MalformedRecordException if this is no record of ours, or one of a version that knows more
    public static GroupRecord decode(ByteString key, Optional<ByteString> value) throws MalformedRecordException {
        try {
            var parsed = GroupKeyRecord.parseFrom(key);
            return value.isPresent() ? decoded(parsed, value.get()) : removed(parsed);
        } catch (InvalidProtocolBufferException e) {
            throw new MalformedRecordException("a record of a group that cannot be read", e);
        } catch (InvariantViolation e) {
            throw new MalformedRecordException("a record of a group that contradicts itself", e);
        }
    }

    private static GroupRecord decoded(GroupKeyRecord key, ByteString value)
            throws MalformedRecordException, InvalidProtocolBufferException {
        var group = new GroupId(key.getGroupId());
        return switch (key.getKeyCase()) {
            case GROUP -> new GroupRecord.GroupChanged(group, meta(io.weirlog.storage.v1.GroupRecord.parseFrom(value)));
            case MEMBER ->
                new GroupRecord.MemberChanged(
                        group, member(key.getMember()), terms(GroupMemberRecord.parseFrom(value)));
            case TARGET -> new GroupRecord.TargetChanged(group, member(key.getTarget()), GroupPartitions.target(value));
            case CURRENT ->
                new GroupRecord.CurrentChanged(group, member(key.getCurrent()), GroupPartitions.current(value));
            case OFFSET ->
                new GroupRecord.OffsetCommitted(
                        group, partition(key.getOffset()), offset(GroupOffsetRecord.parseFrom(value)));
            case KEY_NOT_SET -> throw unknownKey();
        };
    }

    private static GroupRecord removed(GroupKeyRecord key) throws MalformedRecordException {
        var group = new GroupId(key.getGroupId());
        return switch (key.getKeyCase()) {
            case GROUP -> new GroupRecord.GroupRemoved(group);
            case MEMBER -> new GroupRecord.MemberRemoved(group, member(key.getMember()));
            case TARGET -> new GroupRecord.TargetRemoved(group, member(key.getTarget()));
            case CURRENT -> new GroupRecord.CurrentRemoved(group, member(key.getCurrent()));
            case OFFSET -> new GroupRecord.OffsetRemoved(group, partition(key.getOffset()));
            case KEY_NOT_SET -> throw unknownKey();
        };
    }

    private static MalformedRecordException unknownKey() {
        return new MalformedRecordException("a record of a group under a key that this version does not know");
    }

    private static Encoded encoded(GroupKeyRecord.Builder key, com.google.protobuf.Message value) {
        return new Encoded(key.build().toByteString(), Optional.of(value.toByteString()));
    }

    private static Encoded tombstone(GroupKeyRecord.Builder key) {
        return new Encoded(key.build().toByteString(), Optional.empty());
    }

    private static GroupSelfKeyRecord self() {
        return GroupSelfKeyRecord.getDefaultInstance();
    }

    private static GroupMemberKeyRecord key(MemberId member) {
        return GroupMemberKeyRecord.newBuilder().setMemberId(member.value()).build();
    }

    private static MemberId member(GroupMemberKeyRecord key) {
        return new MemberId(key.getMemberId());
    }

    private static GroupOffsetKeyRecord key(TopicPartition partition) {
        return GroupOffsetKeyRecord.newBuilder()
                .setTopicId(ByteString.copyFrom(partition.topicId().toBytes()))
                .setPartition(partition.partition())
                .build();
    }

    private static TopicPartition partition(GroupOffsetKeyRecord key) throws MalformedRecordException {
        return GroupPartitions.partition(key.getTopicId(), key.getPartition());
    }

    private static io.weirlog.storage.v1.GroupRecord value(GroupMeta meta) {
        var record = io.weirlog.storage.v1.GroupRecord.newBuilder()
                .setEpoch(meta.epoch())
                .setAssignor(assignor(meta.assignor()))
                .setMetadataIndex(meta.metadataIndex());
        meta.emptySinceMillis().ifPresent(record::setEmptySinceMillis);
        return record.build();
    }

    private static GroupMeta meta(io.weirlog.storage.v1.GroupRecord record) throws MalformedRecordException {
        return new GroupMeta(
                record.getEpoch(),
                record.hasEmptySinceMillis() ? OptionalLong.of(record.getEmptySinceMillis()) : OptionalLong.empty(),
                assignor(record.getAssignor()),
                record.getMetadataIndex());
    }

    private static GroupMemberRecord value(MemberTerms terms) {
        var record = GroupMemberRecord.newBuilder()
                .setClientId(terms.clientId())
                .setRack(terms.rack())
                .addAllTopics(terms.subscription().topics())
                .setSessionTimeoutMillis(terms.sessionMillis())
                .setRebalanceTimeoutMillis(terms.rebalanceMillis())
                .setAssignor(assignor(terms.assignor()));
        terms.instance().ifPresent(instance -> record.setInstanceId(instance.value()));
        terms.subscription().pattern().ifPresent(record::setTopicPattern);
        return record.build();
    }

    private static MemberTerms terms(GroupMemberRecord record) throws MalformedRecordException {
        return new MemberTerms(
                record.hasInstanceId() ? Optional.of(new InstanceId(record.getInstanceId())) : Optional.empty(),
                record.getClientId(),
                record.getRack(),
                new Subscription(
                        List.copyOf(record.getTopicsList()),
                        record.hasTopicPattern() ? Optional.of(record.getTopicPattern()) : Optional.empty()),
                record.getSessionTimeoutMillis(),
                record.getRebalanceTimeoutMillis(),
                assignor(record.getAssignor()));
    }

    private static GroupOffsetRecord value(CommittedOffset offset) {
        var record = GroupOffsetRecord.newBuilder()
                .setNextOffset(offset.nextOffset())
                .setNote(offset.note())
                .setCommitTimeMillis(offset.commitMillis())
                .setMetadataIndex(offset.metadataIndex());
        offset.leaderEpoch().ifPresent(record::setLeaderEpoch);
        return record.build();
    }

    private static CommittedOffset offset(GroupOffsetRecord record) {
        return new CommittedOffset(
                record.getNextOffset(),
                record.hasLeaderEpoch() ? OptionalInt.of(record.getLeaderEpoch()) : OptionalInt.empty(),
                record.getNote(),
                record.getCommitTimeMillis(),
                record.getMetadataIndex());
    }

    private static GroupAssignor assignor(AssignorKind kind) {
        return GroupAssignor.valueOf(ASSIGNOR_PREFIX + kind.name());
    }

    private static AssignorKind assignor(GroupAssignor assignor) throws MalformedRecordException {
        return switch (assignor) {
            case GROUP_ASSIGNOR_STICKY -> AssignorKind.STICKY;
            case GROUP_ASSIGNOR_UNIFORM -> AssignorKind.UNIFORM;
            case GROUP_ASSIGNOR_RANGE -> AssignorKind.RANGE;
            case GROUP_ASSIGNOR_UNSPECIFIED, UNRECOGNIZED ->
                throw new MalformedRecordException("a group with an assignor that this version does not know");
        };
    }
}
