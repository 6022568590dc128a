package io.weirlog.metadata.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import io.weirlog.metadata.codec.SnapshotCodec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// Random command sequences against what must always hold. Each seed is a whole history.
class MachineModelTest {
    /// More of them make a longer search: `-Dweirlog.seeds=100000`.
    private static final int SEEDS = Integer.getInteger("weirlog.seeds", 5_000);

    private static final int COMMANDS = 100;

    @Test
    void randomHistories() {
        var totals = new TreeMap<String, Integer>();
        for (long seed = 0; seed < SEEDS; seed++) {
            try {
                var history = new History(seed);
                history.run();
                history.counts().forEach((what, count) -> totals.merge(what, count, Integer::sum));
            } catch (Exception | AssertionError e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
        System.out.printf(
                "%d histories of %d commands, each replayed from zero and from each of its snapshots: %s%n",
                SEEDS, COMMANDS, totals);
        // A test of refusals only would prove nothing.
        assertEquals(
                List.of(),
                totals.entrySet().stream()
                        .filter(total -> total.getValue() < SEEDS / 250)
                        .toList());
        assertTrue(totals.getOrDefault("accepted", 0) > SEEDS * COMMANDS / 5, "accepted: " + totals);
        assertTrue(totals.getOrDefault("retried", 0) > SEEDS * COMMANDS / 10, "retried: " + totals);
    }

    /// One history, with its own simple idea of what the state should be.
    private static final class History {
        final RandomCommands commands;
        final Random random;
        final List<MetadataCommand> log = new ArrayList<>();
        final Map<RequestId, MetadataReply> firstReplies = new HashMap<>();
        final Map<String, TopicId> topics = new HashMap<>();
        final Map<TopicId, Map<String, String>> configs = new HashMap<>();
        final Map<TopicId, Integer> partitionCounts = new HashMap<>();
        final Map<BrokerId, BrokerEpoch> brokerEpochs = new HashMap<>();
        final Map<TopicPartition, Map<LeaderEpoch, BrokerId>> leaders = new HashMap<>();
        final Map<TopicPartition, Long> partitionEpochs = new HashMap<>();
        final Map<Long, byte[]> snapshots = new HashMap<>();
        MetadataState state = MetadataState.EMPTY;
        MetadataState followed = MetadataState.EMPTY;
        final List<MetadataState> views = new ArrayList<>();
        final CompleteReplicas complete = new CompleteReplicas();
        int accepted;
        int retried;
        int elected;
        long nextProducerId;
        int altered;
        int repeated;
        int left;
        int refused;
        int itemsAccepted;
        int itemsRefused;
        int moved;
        int calledOff;
        int behind;

        History(long seed) {
            commands = new RandomCommands(seed);
            random = new Random(~seed);
        }

        Map<String, Integer> counts() {
            return Map.ofEntries(
                    Map.entry("accepted", accepted),
                    Map.entry("retried", retried),
                    Map.entry("preferred leaders elected", elected),
                    Map.entry("in-sync sets altered", altered),
                    Map.entry("in-sync sets as wanted already", repeated),
                    Map.entry("replicas that left", left),
                    Map.entry("in-sync sets refused", refused),
                    Map.entry("items accepted", itemsAccepted),
                    Map.entry("items refused", itemsRefused),
                    Map.entry("moves through", moved),
                    Map.entry("moves called off", calledOff),
                    Map.entry("proposed by one who was behind", behind),
                    Map.entry("snapshots replayed from", snapshots.size()));
        }

        void run() throws Exception {
            for (int index = 1; index <= COMMANDS; index++) {
                var command = commands.next(view());
                log.add(command);
                var applied = MetadataMachine.apply(state, index, command);
                checkReply(command, applied);
                state = applied.state();
                complete.lost(followed, command, applied.events());
                for (var event : applied.events()) {
                    count(event);
                    complete.follow(followed, command, event);
                    followed = followed.evolve(event);
                }
                if (!applied.events().isEmpty()) {
                    checkState();
                }
                if (random.nextInt(30) == 0) {
                    checkFollowed();
                    snapshots.put((long) index, SnapshotCodec.encode(state));
                }
            }
            checkFollowed();
            checkReplay();
        }

        private void count(MetadataEvent event) {
            if (event instanceof MetadataEvent.PartitionChanged change) {
                var former = followed.topics()
                        .existing(change.topicId())
                        .partitions()
                        .get(change.partition().partition());
                if (former.reassignment().isPresent()
                        && change.partition().replicas().equals(former.settledReplicas())) {
                    calledOff++;
                }
            }
        }

        /// What a proposer goes by: several are at work, and most of them are a little behind.
        private MetadataState view() {
            views.add(state);
            if (views.size() > 8) {
                views.removeFirst();
            }
            var view = random.nextBoolean() ? state : views.get(random.nextInt(views.size()));
            if (view.index() < state.index()) {
                behind++;
            }
            return view;
        }

        private void checkReply(MetadataCommand command, Applied applied) {
            var first = firstReplies.putIfAbsent(command.requestId(), applied.reply());
            if (first != null) {
                retried++;
                assertEquals(first, applied.reply(), "a retry got another answer");
                assertEquals(List.of(), applied.events(), "a retry changed something");
                return;
            }
            switch (applied.reply()) {
                case MetadataReply.Rejected rejected -> assertEquals(List.of(), applied.events(), rejected.message());
                case MetadataReply.TopicCreated created -> {
                    accepted++;
                    created(((MetadataCommand.CreateTopic) command).topic());
                }
                case MetadataReply.TopicDeleted deleted -> {
                    accepted++;
                    forget(deleted.id());
                }
                case MetadataReply.IsrAltered altered -> {
                    accepted++;
                    checkInSync((MetadataCommand.AlterIsr) command, altered, applied.state());
                }
                case MetadataReply.LeadersElected(var results, var _) -> {
                    accepted++;
                    elected += Collections.frequency(results, ElectionResult.ELECTED);
                }
                case MetadataReply.ProducerIdsAllocated(var firstId, var count, var _) -> {
                    accepted++;
                    assertTrue(firstId >= nextProducerId, "a producer id was given twice");
                    nextProducerId = firstId + count;
                }
                case MetadataReply.Batch(var results, var _) -> {
                    accepted++;
                    checkBatch(command, results);
                }
                case MetadataReply.Done _ -> {
                    accepted++;
                    done(command);
                }
                case MetadataReply.BrokerRegistered registered -> {
                    accepted++;
                    var before =
                            brokerEpochs.put(((MetadataCommand.RegisterBroker) command).brokerId(), registered.epoch());
                    assertTrue(before == null || before.compareTo(registered.epoch()) <= 0, "R10: a broker epoch fell");
                }
            }
        }

        private void done(MetadataCommand command) {
            if (command instanceof MetadataCommand.UnregisterBroker unregister) {
                brokerEpochs.remove(unregister.brokerId());
            } else if (command instanceof MetadataCommand.AlterTopicConfigs alter) {
                var own = Objects.requireNonNull(configs.get(known(alter.topic())));
                alter.delete().forEach(own::remove);
                own.putAll(alter.set());
            } else if (command instanceof MetadataCommand.CreatePartitions create) {
                partitionCounts.put(known(create.topic()), create.partitions());
            }
        }

        private void checkBatch(MetadataCommand command, List<ItemResult> results) {
            for (int i = 0; i < results.size(); i++) {
                if (!results.get(i).equals(new ItemResult.Accepted())) {
                    itemsRefused++;
                    continue;
                }
                itemsAccepted++;
                if (command instanceof MetadataCommand.CreateTopics create) {
                    created(create.topics().get(i));
                } else if (command instanceof MetadataCommand.DeleteTopics delete) {
                    forget(known(delete.topics().get(i)));
                }
            }
        }

        private void created(NewTopic topic) {
            assertNull(topics.put(topic.name(), topic.topicId()), "a topic was created twice");
            configs.put(topic.topicId(), new TreeMap<>(topic.configs()));
            partitionCounts.put(topic.topicId(), topic.partitions());
        }

        private TopicId known(TopicRef topic) {
            return switch (topic) {
                case TopicRef.ByName(var name) -> Objects.requireNonNull(topics.get(name), name);
                case TopicRef.ById(var id) -> id;
            };
        }

        private void forget(TopicId deleted) {
            configs.remove(deleted);
            partitionCounts.remove(deleted);
            assertTrue(topics.values().remove(deleted), "an unknown topic was deleted");
            // The commands may draw its id again, as no proposer would.
            leaders.keySet().removeIf(partition -> partition.topicId().equals(deleted));
            partitionEpochs.keySet().removeIf(partition -> partition.topicId().equals(deleted));
        }

        /// R9: a change is made if and only if the leader knew the partition as it was, or it is as wanted already.
        private void checkInSync(
                MetadataCommand.AlterIsr command, MetadataReply.IsrAltered reply, MetadataState after) {
            for (int i = 0; i < command.changes().size(); i++) {
                var change = command.changes().get(i);
                if (reply.results().get(i) instanceof IsrResult.Altered(var leaderEpoch, var partitionEpoch)) {
                    var was = MetadataImage.of(state)
                            .partition(change.partition())
                            .orElseThrow();
                    var is = MetadataImage.of(after)
                            .partition(change.partition())
                            .orElseThrow();
                    var wanted =
                            change.inSync().stream().map(IsrChange.Member::id).toList();
                    if (!wanted.contains(command.leader())) {
                        checkLeft(command.leader(), change, was, is);
                        continue;
                    }
                    boolean through =
                            was.reassignment().isPresent() && is.reassignment().isEmpty();
                    if (through) {
                        // Not more than the target may be left, and the change may be told of twice.
                        assertTrue(wanted.containsAll(is.inSyncReplicas()));
                        assertEquals(was.reassignment().get().target(), is.replicas());
                        moved++;
                    } else {
                        assertEquals(Set.copyOf(wanted), Set.copyOf(is.inSyncReplicas()));
                    }
                    assertEquals(leaderEpoch, is.leaderEpoch());
                    assertEquals(partitionEpoch, is.partitionEpoch());
                    assertEquals(change.leaderEpoch(), was.leaderEpoch(), "R9: another leader epoch");
                    assertEquals(Optional.of(command.leader()), was.leader(), "R3: not the leader");
                    if (Set.copyOf(wanted).equals(Set.copyOf(was.inSyncReplicas()))) {
                        repeated++;
                    } else {
                        altered++;
                        assertEquals(change.partitionEpoch(), was.partitionEpoch(), "R9: something came between");
                    }
                } else {
                    refused++;
                }
            }
        }

        /// A replica goes, if others have all that was acknowledged, and nobody else does or comes.
        private void checkLeft(BrokerId gone, IsrChange change, PartitionImage was, PartitionImage is) {
            assertEquals(change.leaderEpoch(), was.leaderEpoch(), "R9: another leader epoch");
            assertFalse(is.inSyncReplicas().contains(gone));
            assertFalse(is.eligibleLeaderReplicas().contains(gone));
            assertNotEquals(Optional.of(gone), is.leader());
            var complete = new HashSet<>(was.inSyncReplicas());
            complete.addAll(was.eligibleLeaderReplicas());
            if (complete.remove(gone)) {
                left++;
                assertFalse(is.inSyncReplicas().isEmpty());
                assertEquals(change.partitionEpoch(), was.partitionEpoch(), "R9: something came between");
            }
            assertTrue(complete.containsAll(is.inSyncReplicas()));
        }

        private void checkState() {
            var named = new HashMap<String, TopicId>();
            var keys = new HashSet<String>();
            int partitions = 0;
            for (var topic : state.topics().byNames()) {
                named.put(topic.name(), topic.id());
                assertTrue(keys.add(topic.name().replace('.', '_')), "names collide");
                assertSame(topic, state.topics().byId(topic.id()).orElseThrow());
                assertSame(topic, state.topics().byName(topic.name()).orElseThrow());
                partitions += topic.partitions().size();
                assertEquals(configs.get(topic.id()), topic.configs());
                assertEquals(partitionCounts.get(topic.id()), topic.partitions().size());
                for (var partition : topic.partitions()) {
                    checkPartition(new TopicPartition(topic.id(), partition.partition()), topic, partition);
                }
            }
            assertEquals(topics, named);
            state.brokers()
                    .values()
                    .forEach(broker -> assertTrue(broker.features().includes(state.featureLevel())));
            state.controllers()
                    .values()
                    .forEach(controller -> assertTrue(controller.features().includes(state.featureLevel())));
            assertEquals(partitions, state.topics().partitionCount());
            assertEquals(brokerEpochs.keySet(), state.brokers().keySet());
        }

        /// Whoever follows the events has the state.
        private void checkFollowed() {
            checkLoads();
            assertEquals(
                    List.copyOf(state.topics().byNames()),
                    List.copyOf(followed.topics().byNames()));
            assertEquals(state.brokers(), followed.brokers());
            assertEquals(state.controllers(), followed.controllers());
            assertEquals(state.featureLevel(), followed.featureLevel());
            assertEquals(state.nextProducerId(), followed.nextProducerId());
        }

        private void checkPartition(TopicPartition id, TopicImage topic, PartitionImage partition) {
            partition.leader().ifPresent(leader -> {
                assertTrue(state.isLive(leader), "a fenced broker leads " + id);
                var before = leaders.computeIfAbsent(id, any -> new HashMap<>()).put(partition.leaderEpoch(), leader);
                assertTrue(before == null || before.equals(leader), "R3: two leaders of " + id);
                assertTrue(partition.inSyncReplicas().stream().allMatch(state::isLive), "a fenced broker in sync");
            });
            if (partition.leader().isEmpty()) {
                assertTrue(partition.inSyncReplicas().stream().noneMatch(state::isLive), "nobody leads " + id);
                assertTrue(partition.eligibleLeaderReplicas().stream().noneMatch(state::isLive), "nobody leads " + id);
            }
            assertTrue(brokerEpochs.keySet().containsAll(partition.replicas()), "replicas on unknown brokers");
            int configured = Integer.parseInt(topic.configs().getOrDefault("min.insync.replicas", "1"));
            if (partition.inSyncReplicas().size()
                    >= Math.min(configured, partition.settledReplicas().size())) {
                assertEquals(List.of(), partition.eligibleLeaderReplicas(), "R11: eligible beside enough in sync");
            }
            partition
                    .reassignment()
                    .ifPresent(move -> assertFalse(
                            partition.inSyncReplicas().containsAll(move.target()), "a move that is through"));
            var before = partitionEpochs.put(id, partition.partitionEpoch());
            assertTrue(before == null || before <= partition.partitionEpoch(), "R9: a partition epoch fell");
        }

        private void checkLoads() {
            var loads = new HashMap<BrokerId, BrokerLoad>();
            for (var topic : state.topics().byNames()) {
                for (var partition : topic.partitions()) {
                    for (var replica : partition.replicas()) {
                        int preferred = partition.replicas().getFirst().equals(replica) ? 1 : 0;
                        loads.merge(replica, new BrokerLoad(1, preferred), BrokerLoad::plus);
                    }
                }
            }
            for (var broker : brokerEpochs.keySet()) {
                assertEquals(loads.getOrDefault(broker, BrokerLoad.NONE), state.load(broker));
            }
        }

        /// M2: the same log gives the same state, from its beginning and from every snapshot.
        private void checkReplay() throws Exception {
            var hash = SnapshotCodec.hash(state);
            assertEquals(hash, SnapshotCodec.hash(replay(MetadataState.EMPTY)), "a replay from zero");
            for (byte[] snapshot : snapshots.values()) {
                var restored = SnapshotCodec.decode(snapshot);
                assertEquals(hash, SnapshotCodec.hash(replay(restored)), "a replay from " + restored.index());
            }
        }

        private MetadataState replay(MetadataState from) {
            var replayed = from;
            for (long index = from.index() + 1; index <= log.size(); index++) {
                replayed = MetadataMachine.apply(replayed, index, log.get((int) index - 1))
                        .state();
            }
            return replayed;
        }
    }

    @Test
    void theHashTellsStatesApart() {
        var commands = new RandomCommands(1);
        var state = MetadataState.EMPTY;
        Set<String> hashes = new HashSet<>();
        for (int index = 1; index <= 50; index++) {
            state = MetadataMachine.apply(state, index, commands.next()).state();
            assertTrue(hashes.add(SnapshotCodec.hash(state)));
        }
        assertFalse(hashes.contains(SnapshotCodec.hash(MetadataState.EMPTY)));
    }
}
