package io.weirlog.metadata.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.FeatureRange;
import io.weirlog.metadata.core.ElectionKind;
import io.weirlog.metadata.core.ElectionResult;
import io.weirlog.metadata.core.IsrChange;
import io.weirlog.metadata.core.IsrResult;
import io.weirlog.metadata.core.ItemResult;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataMachine;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.metadata.core.NewTopic;
import io.weirlog.metadata.core.RandomCommands;
import io.weirlog.metadata.core.RejectReason;
import io.weirlog.metadata.core.ReplicaMove;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.metadata.core.StateHash;
import io.weirlog.metadata.core.TopicRef;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class CodecTest {
    private static final RequestId REQUEST = new RequestId(UUID.fromString("00000000-0000-0001-0000-000000000002"));
    private static final TopicId TOPIC = TopicId.parse("00000000-0000-0003-0000-000000000004");
    private static final UUID INCARNATION = UUID.fromString("00000000-0000-0005-0000-000000000006");

    private static final String REQUEST_HEX = "0a1000000000000000010000000000000002";

    private static final MetadataCommand REGISTER = new MetadataCommand.RegisterBroker(
            REQUEST,
            new BrokerId(300),
            INCARNATION,
            Optional.of("r1"),
            Map.of("client", new Endpoint("h", 7171), "a", new Endpoint("g", 1)),
            true);
    private static final MetadataCommand CREATE = new MetadataCommand.CreateTopic(
            REQUEST, "t", TOPIC, 3, 1, Map.of("retention.ms", "1", "durability", "fsync"));

    /// The bytes of logs that exist: these may never change.
    private static Map<MetadataCommand, String> goldenCommands() {
        var golden = new LinkedHashMap<MetadataCommand, String>();
        golden.put(
                REGISTER,
                "0a1000000000000000010000000000000002123508ac02121000000000000000050000000000000006"
                        + "1a02723122080a01611201671801220e0a06636c69656e741201681883382801");
        golden.put(
                CREATE,
                "0a10000000000000000100000000000000021a410a017412100000000000000003000000000000000418032001"
                        + "2a130a0a6475726162696c69747912056673796e632a110a0c726574656e74696f6e2e6d73120131");
        golden.put(new MetadataCommand.DeleteTopic(REQUEST, "t"), "0a100000000000000001000000000000000222030a0174");
        golden.put(
                new MetadataCommand.DeleteTopic(REQUEST, TOPIC),
                "0a10000000000000000100000000000000022212121000000000000000030000000000000004");
        golden.put(
                new MetadataCommand.RegisterBroker(
                        REQUEST,
                        new BrokerId(300),
                        INCARNATION,
                        Optional.empty(),
                        Map.of("a", new Endpoint("g", 1)),
                        false,
                        Optional.of(new BrokerEpoch(9))),
                "0a1000000000000000010000000000000002"
                        + "122108ac0212100000000000000005000000000000000622080a016112016718013009");
        golden.put(
                new MetadataCommand.FenceBroker(REQUEST, new BrokerId(300), new BrokerEpoch(9)),
                "0a10000000000000000100000000000000022a0508ac021009");
        golden.put(
                new MetadataCommand.UnfenceBroker(REQUEST, new BrokerId(300), new BrokerEpoch(9)),
                "0a1000000000000000010000000000000002320508ac021009");
        golden.put(
                new MetadataCommand.DrainBroker(REQUEST, new BrokerId(300), new BrokerEpoch(9)),
                "0a10000000000000000100000000000000023a0508ac021009");
        golden.put(
                new MetadataCommand.UnregisterBroker(REQUEST, new BrokerId(300), new BrokerEpoch(9)),
                "0a1000000000000000010000000000000002420508ac021009");
        golden.put(
                new MetadataCommand.AlterIsr(
                        REQUEST,
                        new BrokerId(300),
                        new BrokerEpoch(9),
                        List.of(new IsrChange(
                                new TopicPartition(TOPIC, 2),
                                new LeaderEpoch(3),
                                4,
                                List.of(new IsrChange.Member(new BrokerId(1), new BrokerEpoch(5)))))),
                "0a10000000000000000100000000000000024a2508ac0210091a1e"
                        + "0a1000000000000000030000000000000004100218032004" + "2a0408011005");
        golden.put(
                new MetadataCommand.ElectLeaders(
                        REQUEST, ElectionKind.PREFERRED, List.of(new TopicPartition(TOPIC, 2))),
                "0a100000000000000001000000000000000252160a14" + "0a10000000000000000300000000000000041002");
        golden.put(
                new MetadataCommand.ElectLeaders(REQUEST, ElectionKind.UNCLEAN, List.of(new TopicPartition(TOPIC, 2))),
                "0a1000000000000000010000000000000002" + "52180a140a100000000000000003000000000000000410021001");
        putTopicCommands(golden);
        putNodeCommands(golden);
        golden.put(
                new MetadataCommand.AllocateProducerIds(REQUEST, new BrokerId(300), new BrokerEpoch(9)),
                "0a10000000000000000100000000000000025a0508ac021009");
        return golden;
    }

    private static void putTopicCommands(Map<MetadataCommand, String> golden) {
        var name = new TopicRef.ByName("t");
        var chosen = List.of(List.of(new BrokerId(1)));
        var pair = List.of(new BrokerId(1), new BrokerId(2));
        golden.put(
                new MetadataCommand.CreateTopics(REQUEST, List.of(new NewTopic("t", TOPIC, 3, 1, chosen, Map.of()))),
                REQUEST_HEX + "6a200a1e0a0174" + "121000000000000000030000000000000004" + "1803200132030a0101");
        golden.put(new MetadataCommand.DeleteTopics(REQUEST, List.of(name)), REQUEST_HEX + "72050a030a0174");
        golden.put(
                new MetadataCommand.CreatePartitions(REQUEST, name, 5, List.of(pair)),
                REQUEST_HEX + "7a0d0a030a017410051a040a020102");
        golden.put(
                new MetadataCommand.AlterTopicConfigs(REQUEST, name, Map.of("retention.ms", "1"), Set.of("flush.ms")),
                REQUEST_HEX + "8201220a030a0174" + "12110a0c726574656e74696f6e2e6d73120131" + "1a08666c7573682e6d73");
        var partition = new TopicPartition(TOPIC, 2);
        golden.put(
                new MetadataCommand.AlterReassignments(
                        REQUEST,
                        List.of(
                                new ReplicaMove(partition, Optional.of(pair)),
                                new ReplicaMove(partition, Optional.empty()))),
                REQUEST_HEX + "62320a1a0a10000000000000000300000000000000041002" + "1a040a020102"
                        + "0a140a10000000000000000300000000000000041002");
    }

    private static void putNodeCommands(Map<MetadataCommand, String> golden) {
        var endpoints = Map.of("a", new Endpoint("g", 1));
        golden.put(
                new MetadataCommand.RegisterBroker(
                        REQUEST,
                        new BrokerId(300),
                        INCARNATION,
                        Optional.empty(),
                        endpoints,
                        false,
                        Optional.of(new BrokerEpoch(9)),
                        List.of(TOPIC.value()),
                        new FeatureRange(1, 2)),
                REQUEST_HEX + "123908ac02121000000000000000050000000000000006" + "22080a016112016718013009"
                        + "3a1000000000000000030000000000000004" + "420408011002");
        golden.put(
                new MetadataCommand.RegisterController(
                        REQUEST, new BrokerId(300), INCARNATION, endpoints, new FeatureRange(1, 2)),
                REQUEST_HEX + "8a012508ac02121000000000000000050000000000000006" + "1a080a01611201671801"
                        + "220408011002");
        golden.put(
                new MetadataCommand.UnregisterController(REQUEST, new BrokerId(300), INCARNATION),
                REQUEST_HEX + "92011508ac02121000000000000000050000000000000006");
        golden.put(new MetadataCommand.FinalizeFeatureLevel(REQUEST, 2), REQUEST_HEX + "9a01020802");
        golden.put(
                new MetadataCommand.CheckState(REQUEST, Optional.of(new StateHash(7, "ab"))),
                REQUEST_HEX + "a201080a06080712026162");
        golden.put(new MetadataCommand.CheckState(REQUEST, Optional.empty()), REQUEST_HEX + "a20100");
    }

    private static Map<MetadataReply, String> goldenReplies() {
        var golden = new LinkedHashMap<MetadataReply, String>();
        golden.put(new MetadataReply.TopicCreated(TOPIC, 5), "0a140a10000000000000000300000000000000041005");
        golden.put(new MetadataReply.TopicDeleted(TOPIC, 5), "12140a10000000000000000300000000000000041005");
        golden.put(new MetadataReply.BrokerRegistered(new BrokerEpoch(4), 5), "1a0408041005");
        golden.put(new MetadataReply.Rejected(RejectReason.LIMIT_EXCEEDED, "no"), "2206080a12026e6f");
        golden.put(
                new MetadataReply.IsrAltered(
                        List.of(
                                new IsrResult.Altered(new LeaderEpoch(3), 4),
                                new IsrResult.Refused(IsrResult.Reason.NOT_LEADER)),
                        5),
                "320e0805" + "12060a0408031004" + "12021002");
        golden.put(
                new MetadataReply.LeadersElected(List.of(ElectionResult.ELECTED, ElectionResult.NOT_AVAILABLE), 5),
                "3a06080512020104");
        golden.put(new MetadataReply.ProducerIdsAllocated(1_000, 1_000, 5), "420808e80710e8071805");
        golden.put(new MetadataReply.Done(5), "2a020805");
        golden.put(
                new MetadataReply.Batch(
                        List.of(new ItemResult.Accepted(), new ItemResult.Refused(RejectReason.INVALID_REPLICAS, "no")),
                        5),
                "4a0e0805" + "1200" + "12080a06081012026e6f");
        return golden;
    }

    private static final String GOLDEN_SNAPSHOT = "574c4d455441000a000000012f867c5a0000000000000059"
            + "0807123708ac0210071a1000000000000000050000000000000006220272312a080a016112016718012a0e0a06636c69656e74120168"
            + "1883383001221c0a100000000000000001000000000000000210071a061a0408071007";

    @Test
    void commandsHaveTheirBytes() throws Exception {
        for (var golden : goldenCommands().entrySet()) {
            assertEquals(golden.getValue(), hex(CommandCodec.encode(golden.getKey())));
            assertEquals(golden.getKey(), CommandCodec.decode(bytes(golden.getValue())));
        }
    }

    /// A command or reply of a new kind needs its golden bytes.
    @Test
    void everyKindHasItsBytes() {
        assertEquals(kinds(MetadataCommand.class), kinds(goldenCommands()));
        assertEquals(kinds(MetadataReply.class), kinds(goldenReplies()));
    }

    private static Set<String> kinds(Class<?> sealed) {
        return Arrays.stream(sealed.getPermittedSubclasses())
                .map(Class::getSimpleName)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> kinds(Map<?, String> golden) {
        return golden.keySet().stream()
                .map(key -> key.getClass().getSimpleName())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /// What [#snapshotsHaveTheirBytes] does not hold.
    @Test
    void snapshotsHoldReassignmentsControllersAndTheFeatureLevel() throws Exception {
        var log = List.of(
                new MetadataCommand.RegisterBroker(
                        request(1),
                        new BrokerId(1),
                        INCARNATION,
                        Optional.empty(),
                        Map.of("a", new Endpoint("g", 1)),
                        false,
                        Optional.empty(),
                        List.of(INCARNATION, TOPIC.value()),
                        new FeatureRange(1, 2)),
                new MetadataCommand.RegisterBroker(
                        request(2),
                        new BrokerId(2),
                        INCARNATION,
                        Optional.empty(),
                        Map.of("a", new Endpoint("g", 1)),
                        false,
                        Optional.empty(),
                        List.of(),
                        new FeatureRange(1, 2)),
                new MetadataCommand.CreateTopic(
                        request(3), new NewTopic("t", TOPIC, 1, 1, List.of(List.of(new BrokerId(1))), Map.of())),
                new MetadataCommand.AlterReassignments(
                        request(4),
                        List.of(new ReplicaMove(new TopicPartition(TOPIC, 0), Optional.of(List.of(new BrokerId(2)))))),
                new MetadataCommand.RegisterController(
                        request(5),
                        new BrokerId(3),
                        INCARNATION,
                        Map.of("raft", new Endpoint("h", 2)),
                        new FeatureRange(1, 3)),
                new MetadataCommand.FinalizeFeatureLevel(request(6), 2));
        var state = MetadataState.EMPTY;
        for (var command : log) {
            state = MetadataMachine.apply(state, state.index() + 1, command).state();
        }
        var restored = SnapshotCodec.decode(SnapshotCodec.encode(state));
        assertEquals(SnapshotCodec.hash(state), SnapshotCodec.hash(restored));
        assertEquals(2, restored.featureLevel());
        assertEquals(state.brokers(), restored.brokers());
        assertEquals(state.controllers(), restored.controllers());
        assertEquals(1, restored.controllers().size());
        var partition = restored.topics().byName("t").orElseThrow().partitions().getFirst();
        assertEquals(List.of(new BrokerId(2)), partition.addingReplicas());
        assertEquals(List.of(new BrokerId(1)), partition.removingReplicas());
    }

    private static RequestId request(long number) {
        return new RequestId(new UUID(0, number));
    }

    @Test
    void repliesHaveTheirBytes() throws Exception {
        for (var golden : goldenReplies().entrySet()) {
            assertEquals(golden.getValue(), hex(ReplyCodec.encode(golden.getKey())));
            assertEquals(golden.getKey(), ReplyCodec.decode(bytes(golden.getValue())));
        }
    }

    @Test
    void everyReasonOfARefusalHasItsNumber() throws Exception {
        for (var reason : RejectReason.values()) {
            var rejected = new MetadataReply.Rejected(reason, "");
            assertEquals(rejected, ReplyCodec.decode(ByteBuffer.wrap(ReplyCodec.encode(rejected))));
        }
    }

    @Test
    void producerIdsOutliveASnapshot() throws Exception {
        var registered = MetadataMachine.apply(MetadataState.EMPTY, 7, REGISTER).state();
        var allocate = new MetadataCommand.AllocateProducerIds(
                new RequestId(new UUID(0, 9)), new BrokerId(300), new BrokerEpoch(7));
        var allocated = MetadataMachine.apply(registered, 8, allocate).state();
        assertEquals(
                1_000, SnapshotCodec.decode(SnapshotCodec.encode(allocated)).nextProducerId());
    }

    @Test
    void everyReasonAgainstAnInSyncSetHasItsNumber() throws Exception {
        for (var reason : IsrResult.Reason.values()) {
            var reply = new MetadataReply.IsrAltered(List.of(new IsrResult.Refused(reason)), 1);
            assertEquals(reply, ReplyCodec.decode(ByteBuffer.wrap(ReplyCodec.encode(reply))));
        }
    }

    @Test
    void snapshotsHaveTheirBytes() throws Exception {
        var state = MetadataMachine.apply(MetadataState.EMPTY, 7, REGISTER).state();
        assertEquals(GOLDEN_SNAPSHOT, hex(SnapshotCodec.encode(state)));
        assertEquals(
                SnapshotCodec.hash(state),
                SnapshotCodec.hash(SnapshotCodec.decode(HexFormat.of().parseHex(GOLDEN_SNAPSHOT))));
    }

    @Test
    void randomCommandsComeBack() throws Exception {
        for (long seed = 0; seed < 50; seed++) {
            var commands = new RandomCommands(seed);
            for (int i = 0; i < 50; i++) {
                var command = commands.next();
                assertEquals(
                        command, CommandCodec.decode(ByteBuffer.wrap(CommandCodec.encode(command))), "seed " + seed);
            }
        }
    }

    @Test
    void noBitOfASnapshotMayFlip() {
        byte[] snapshot = HexFormat.of().parseHex(GOLDEN_SNAPSHOT);
        for (int bit = 0; bit < snapshot.length * 8; bit++) {
            snapshot[bit / 8] ^= (byte) (1 << bit % 8);
            assertThrows(MalformedRecordException.class, () -> SnapshotCodec.decode(snapshot), "bit " + bit);
            snapshot[bit / 8] ^= (byte) (1 << bit % 8);
        }
    }

    @Test
    void noCutSnapshotIsTaken() {
        byte[] snapshot = HexFormat.of().parseHex(GOLDEN_SNAPSHOT);
        for (int length = 0; length < snapshot.length; length++) {
            byte[] cut = Arrays.copyOf(snapshot, length);
            assertThrows(MalformedRecordException.class, () -> SnapshotCodec.decode(cut), "length " + length);
        }
    }

    /// Whatever the bytes are, the outcome is a command or a refusal, never another exception.
    @Test
    void garbageIsRefused() {
        int refused = 0;
        for (long seed = 0; seed < 2_000; seed++) {
            var random = new Random(seed);
            byte[] bytes = CommandCodec.encode(new RandomCommands(seed).next());
            for (int change = random.nextInt(4); change >= 0; change--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            try {
                CommandCodec.decode(ByteBuffer.wrap(bytes));
            } catch (MalformedRecordException e) {
                refused++;
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        assertTrue(refused > 500, "refused: " + refused);
        for (var empty : List.of("", "0a00", "0a10000000000000000100000000000000022200")) {
            assertThrows(MalformedRecordException.class, () -> CommandCodec.decode(bytes(empty)), empty);
        }
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static ByteBuffer bytes(String hex) {
        return ByteBuffer.wrap(HexFormat.of().parseHex(hex));
    }
}
