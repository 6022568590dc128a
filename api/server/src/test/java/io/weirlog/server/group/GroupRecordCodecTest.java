package io.weirlog.server.group;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.ByteString;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.codec.MalformedRecordException;
import io.weirlog.server.group.core.AssignorKind;
import io.weirlog.server.group.core.CommittedOffset;
import io.weirlog.server.group.core.CurrentAssignment;
import io.weirlog.server.group.core.GroupId;
import io.weirlog.server.group.core.GroupMeta;
import io.weirlog.server.group.core.GroupRecord;
import io.weirlog.server.group.core.InstanceId;
import io.weirlog.server.group.core.MemberId;
import io.weirlog.server.group.core.MemberTerms;
import io.weirlog.server.group.core.Subscription;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class GroupRecordCodecTest {
    private static final GroupId GROUP = new GroupId("readers");
    private static final MemberId MEMBER = new MemberId("m-1");
    private static final TopicPartition PARTITION = new TopicPartition(new TopicId(new UUID(1, 2)), 3);
    private static final TopicPartition OTHER = new TopicPartition(new TopicId(new UUID(1, 4)), 0);

    private static final List<GroupRecord> RECORDS = List.of(
            new GroupRecord.GroupChanged(GROUP, new GroupMeta(7, OptionalLong.of(1_000), AssignorKind.RANGE, 12)),
            new GroupRecord.GroupChanged(GROUP, new GroupMeta(0, OptionalLong.empty(), AssignorKind.STICKY, 0)),
            new GroupRecord.GroupRemoved(GROUP),
            new GroupRecord.MemberChanged(
                    GROUP,
                    MEMBER,
                    new MemberTerms(
                            Optional.of(new InstanceId("host-1")),
                            "billing",
                            "rack-a",
                            new Subscription(List.of("orders", "bills"), Optional.of("audit-.*")),
                            45_000,
                            60_000,
                            AssignorKind.UNIFORM)),
            new GroupRecord.MemberChanged(
                    GROUP,
                    MEMBER,
                    new MemberTerms(
                            Optional.empty(), "", "", Subscription.of("orders"), 45_000, 60_000, AssignorKind.STICKY)),
            new GroupRecord.MemberRemoved(GROUP, MEMBER),
            new GroupRecord.TargetChanged(GROUP, MEMBER, new TreeSet<>(List.of(PARTITION, OTHER))),
            new GroupRecord.TargetChanged(GROUP, MEMBER, new TreeSet<>()),
            new GroupRecord.TargetRemoved(GROUP, MEMBER),
            new GroupRecord.CurrentChanged(
                    GROUP,
                    MEMBER,
                    new CurrentAssignment(9, 4, new TreeMap<>(Map.of(PARTITION, 5)), new TreeMap<>(Map.of(OTHER, 4)))),
            new GroupRecord.CurrentRemoved(GROUP, MEMBER),
            new GroupRecord.OffsetCommitted(
                    GROUP, PARTITION, new CommittedOffset(77, OptionalInt.of(3), "done by host-1", 5_000, 12)),
            new GroupRecord.OffsetCommitted(
                    GROUP, PARTITION, new CommittedOffset(0, OptionalInt.empty(), "", 5_000, 0)),
            new GroupRecord.OffsetRemoved(GROUP, PARTITION));

    @Test
    void recordsComeBackAsTheyWere() throws MalformedRecordException {
        for (var record : RECORDS) {
            var encoded = GroupRecordCodec.encode(record);
            assertEquals(record, GroupRecordCodec.decode(encoded.key(), encoded.value()));
        }
    }

    /// A value and the tombstone that ends it must have the same key, byte by byte, or compaction keeps both.
    @Test
    void keysHaveFixedBytes() {
        assertKey("0a07726561646572731200", RECORDS.get(0), RECORDS.get(1), RECORDS.get(2));
        assertKey("0a07726561646572731a050a036d2d31", RECORDS.get(3), RECORDS.get(4), RECORDS.get(5));
        assertKey("0a077265616465727322050a036d2d31", RECORDS.get(6), RECORDS.get(7), RECORDS.get(8));
        assertKey("0a07726561646572732a050a036d2d31", RECORDS.get(9), RECORDS.get(10));
        assertKey(
                "0a077265616465727332140a10000000000000000100000000000000021003",
                RECORDS.get(11),
                RECORDS.get(12),
                RECORDS.get(13));
    }

    private static void assertKey(String hex, GroupRecord... records) {
        for (var record : records) {
            assertEquals(hex(hex), GroupRecordCodec.encode(record).key(), record::toString);
        }
    }

    /// What is no record of ours is said to be none, whatever it is.
    @Test
    void damagedRecordsAreRefused() {
        for (long seed = 1; seed <= 20_000; seed++) {
            var random = new Random(seed);
            var encoded = GroupRecordCodec.encode(RECORDS.get(random.nextInt(RECORDS.size())));
            var key = damaged(encoded.key(), random);
            var value = encoded.value().map(bytes -> damaged(bytes, random));
            try {
                GroupRecordCodec.decode(key, value);
            } catch (MalformedRecordException expected) {
                // Refused in the one way that callers are prepared for.
            }
        }
        assertThrows(MalformedRecordException.class, () -> GroupRecordCodec.decode(ByteString.EMPTY, Optional.empty()));
        assertThrows(
                MalformedRecordException.class,
                () -> GroupRecordCodec.decode(hex("0a01673a00"), Optional.empty()),
                "a key of a later version");
    }

    private static ByteString hex(String text) {
        return ByteString.copyFrom(HexFormat.of().parseHex(text));
    }

    private static ByteString damaged(ByteString bytes, Random random) {
        var damaged = bytes.toByteArray();
        if (damaged.length > 0 && random.nextInt(3) > 0) {
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return ByteString.copyFrom(damaged);
    }
}
