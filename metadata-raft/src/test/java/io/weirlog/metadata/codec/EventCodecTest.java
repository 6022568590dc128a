package io.weirlog.metadata.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.TopicId;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.ControllerImage;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.FeatureRange;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import io.weirlog.metadata.core.Election;
import io.weirlog.metadata.core.ElectionReason;
import io.weirlog.metadata.core.MetadataEvent;
import io.weirlog.metadata.core.MetadataMachine;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.metadata.core.RandomCommands;
import io.weirlog.storage.v1.EventRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class EventCodecTest {
    private static final TopicId TOPIC = new TopicId(new UUID(1, 2));
    private static final BrokerImage BROKER = new BrokerImage(
            new BrokerId(3),
            new BrokerEpoch(4),
            Optional.of("rack"),
            Map.of("client", new Endpoint("host", 5)),
            true,
            true,
            new UUID(6, 7),
            List.of(new UUID(8, 9)),
            new FeatureRange(1, 2));
    private static final PartitionImage PARTITION = new PartitionImage(
            0,
            List.of(new BrokerId(3), new BrokerId(4)),
            List.of(new BrokerId(4)),
            Optional.of(new BrokerId(4)),
            new LeaderEpoch(8),
            9,
            List.of(new BrokerId(3)));

    private static List<MetadataEvent> examples() {
        var examples = new ArrayList<MetadataEvent>(List.of(
                new MetadataEvent.TopicCreated(
                        new TopicImage("topic", TOPIC, List.of(PARTITION), Map.of("retention.ms", "1"))),
                new MetadataEvent.TopicDeleted(TOPIC, "topic"),
                new MetadataEvent.BrokerRegistered(BROKER),
                new MetadataEvent.BrokerChanged(BROKER.with(false, false)),
                new MetadataEvent.BrokerUnregistered(new BrokerId(3)),
                new MetadataEvent.PartitionsCreated(TOPIC, "topic", List.of(PARTITION)),
                new MetadataEvent.TopicConfigsChanged(TOPIC, "topic", Map.of("retention.ms", "2")),
                new MetadataEvent.ControllerRegistered(new ControllerImage(
                        new BrokerId(3), new UUID(6, 7), Map.of("raft", new Endpoint("host", 5)), FeatureRange.FIRST)),
                new MetadataEvent.ControllerUnregistered(new BrokerId(3)),
                new MetadataEvent.FeatureLevelFinalized(2),
                new MetadataEvent.ProducerIdsAllocated(1_000),
                new MetadataEvent.PartitionChanged(TOPIC, "topic", PARTITION, Optional.empty())));
        for (var reason : ElectionReason.values()) {
            for (boolean clean : new boolean[] {true, false}) {
                examples.add(new MetadataEvent.PartitionChanged(
                        TOPIC, "topic", PARTITION, Optional.of(new Election(reason, clean))));
            }
        }
        return examples;
    }

    @Test
    void everyKindOfEventComesBack() throws Exception {
        Set<Class<?>> kinds = new HashSet<>();
        for (var event : examples()) {
            kinds.add(event.getClass());
            assertEquals(event, roundTrip(event));
        }
        assertEquals(new HashSet<Class<?>>(Arrays.asList(MetadataEvent.class.getPermittedSubclasses())), kinds);
    }

    /// Whoever follows the events has the state, but for the answers that are kept for retries.
    @Test
    void followersHaveTheState() throws Exception {
        for (long seed = 0; seed < 200; seed++) {
            var commands = new RandomCommands(seed);
            var state = MetadataState.EMPTY;
            var followed = MetadataState.EMPTY;
            for (int index = 1; index <= 60; index++) {
                var applied = MetadataMachine.apply(state, index, commands.next());
                state = applied.state();
                var events = new ArrayList<MetadataEvent>();
                for (var event : applied.events()) {
                    events.add(roundTrip(event));
                }
                followed = followed.followed(index, events);
            }
            assertEquals(SnapshotCodec.hash(state.withoutRequests()), SnapshotCodec.hash(followed), "seed " + seed);
        }
    }

    @Test
    void anUnknownEventIsRefused() {
        assertThrows(MalformedRecordException.class, () -> EventCodec.event(EventRecord.getDefaultInstance()));
    }

    private static MetadataEvent roundTrip(MetadataEvent event) throws Exception {
        return EventCodec.event(EventRecord.parseFrom(EventCodec.record(event).toByteArray()));
    }
}
