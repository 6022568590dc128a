package io.weirlog.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.weirlog.common.BrokerId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class QuorumMetersTest {
    private final MeterRegistry registry = new SimpleMeterRegistry();

    @TempDir
    Path directory;

    private double gauge(String name) {
        return registry.get(name).gauge().value();
    }

    @Test
    void tellHowTheQuorumIsDoing() throws Exception {
        var config = QuorumConfig.single(directory, new UUID(0, 5), new BrokerId(1))
                .with(new QuorumConfig.Tuning(20, 16 << 10, Duration.ofSeconds(10)));
        try (var quorum = MetadataQuorum.start(config, registry)) {
            quorum.awaitReady(Duration.ofSeconds(20));
            for (int i = 0; i < 50; i++) {
                quorum.client().propose(Commands.delete("none")).get(10, TimeUnit.SECONDS);
            }
            assertEquals(1, gauge("weirlog.metadata.active.controller"));
            assertEquals(1, gauge("weirlog.metadata.voters"));
            assertEquals(0, gauge("weirlog.metadata.voters.unwell"));
            assertEquals((double) quorum.feed().image().index(), gauge("weirlog.metadata.applied.index"));
            assertEquals(50, registry.get("weirlog.metadata.commit").timer().count());
            assertTrue(gauge("weirlog.metadata.snapshot.index") >= 20);
            assertTrue(gauge("weirlog.metadata.snapshot.size.bytes") > 0);
            assertTrue(gauge("weirlog.metadata.snapshot.age.seconds") < 60);
            QuorumCluster.await(
                    "the activation",
                    () -> registry.get("weirlog.metadata.activations").counter().count() == 1);
            QuorumCluster.await(
                    "the voter's own meters",
                    () -> registry.find("weirlog.metadata.voter.lag.entries")
                                    .tag("voter", "1")
                                    .gauge()
                            != null);
            assertTrue(registry.get("ratis.log.worker.flushtime").timer().count() > 0, this::names);
            assertTrue(
                    registry.get("ratis.leader.election.electioncount")
                                    .counter()
                                    .count()
                            > 0,
                    this::names);
        }
        assertEquals(List.of(), registry.getMeters().stream().map(Meter::getId).toList(), "closed");
    }

    private String names() {
        return registry.getMeters().stream()
                .map(meter -> meter.getId().getName())
                .sorted()
                .toList()
                .toString();
    }
}
