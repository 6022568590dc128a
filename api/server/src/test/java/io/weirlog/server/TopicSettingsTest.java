package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Durability;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.TopicId;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class TopicSettingsTest {
    private static final BrokerId SELF = new BrokerId(1);

    @Test
    void aLogHasItsTopicsConfigsAndTheNodesProducerExpiration() {
        var topic = new TopicImage(
                "orders",
                new TopicId(new UUID(1, 2)),
                List.of(new PartitionImage(0, List.of(SELF), List.of(SELF), Optional.of(SELF), new LeaderEpoch(0), 0)),
                Map.of("durability", "page-cache", "flush.messages", "7", "flush.ms", "500"));
        var config = new TopicSettings(Duration.ofMinutes(5)).of(topic).logConfig();
        assertEquals(Duration.ofMinutes(5).toMillis(), config.producerExpirationMillis());
        assertEquals(Durability.PAGE_CACHE, config.durability());
        assertEquals(7, config.flushMessages());
        assertEquals(500, config.flushMillis());
    }
}
