package io.weirlog.replication;

import static io.weirlog.replication.LonePartition.ID;
import static io.weirlog.replication.LonePartition.SELF;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Durability;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.log.LogConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartitionRolesTest {
    @AutoClose
    private final LonePartition broker;

    PartitionRolesTest(@TempDir Path folder) throws IOException {
        broker = new LonePartition(folder);
    }

    @Test
    void rolesComeAndGo() throws Exception {
        var config = LogConfig.builder().durability(Durability.FSYNC).build();
        broker.assign(List.of(SELF), Optional.empty(), 4, config);
        assertEquals(
                new AppendResult.NotAppended(new AppendRefusal.NotLeader(Optional.empty(), new LeaderEpoch(4))),
                broker.append());
        for (int epoch = 5; epoch < 25; epoch += 2) {
            broker.assign(List.of(SELF), Optional.of(SELF), epoch, config);
            var appended = assertInstanceOf(AppendResult.Appended.class, broker.append());
            assertEquals(new LeaderEpoch(epoch), appended.epoch());
            assertEquals(epoch - 5, appended.baseOffset().value());
            assertEquals(
                    Optional.of(new LeaderEpoch(epoch)), broker.leading().log().latestEpoch());
            broker.assign(List.of(SELF), Optional.empty(), epoch + 1, config);
            assertInstanceOf(
                    PartitionView.Following.class, broker.partitions().view(ID).orElseThrow());
            assertInstanceOf(AppendResult.NotAppended.class, broker.append());
        }
    }

    @Test
    void anOlderEpochChangesNothing() throws Exception {
        broker.host(LogConfig.builder().build());
        broker.assign(List.of(SELF), Optional.empty(), 3, LogConfig.builder().build());
        assertEquals(new LeaderEpoch(4), broker.leading().epoch());
    }

    /// Whoever waits when a leadership ends is told so at once, and that the records may be there.
    @Test
    void theEndOfALeadershipIsToldToThoseWhoWait() throws Exception {
        var config = LogConfig.builder().durability(Durability.FSYNC).build();
        broker.host(config);
        for (int epoch = 5; epoch < 45; epoch++) {
            var appends = IntStream.range(0, 20)
                    .mapToObj(_ -> broker.append(Acks.ALL, Optional.empty(), 60_000))
                    .toList();
            broker.assign(List.of(SELF), Optional.of(SELF), epoch, config);
            for (var append : appends) {
                switch (append.get(20, TimeUnit.SECONDS)) {
                    case AppendResult.InLog _ -> {}
                    case AppendResult.NotAppended(var refusal) ->
                        assertInstanceOf(AppendRefusal.NotLeader.class, refusal);
                    case AppendResult.Unknown(var cause, var _) ->
                        assertEquals(AppendResult.UnknownCause.LEADERSHIP_LOST, cause);
                }
            }
        }
    }

    @Test
    void severalReplicasAreWaitedFor() throws Exception {
        broker.assign(
                List.of(SELF, new BrokerId(9)),
                Optional.of(SELF),
                4,
                LogConfig.builder().build());
        assertInstanceOf(
                AppendResult.Appended.class,
                broker.append(Acks.LEADER, Optional.empty(), 20_000).get(20, TimeUnit.SECONDS));
        var unknown = assertInstanceOf(
                AppendResult.Unknown.class,
                broker.append(Acks.ALL, Optional.empty(), 300).get(20, TimeUnit.SECONDS));
        assertEquals(AppendResult.UnknownCause.TIMED_OUT, unknown.cause());
        assertEquals(Offset.ZERO, broker.leading().highWatermark());
    }
}
