package io.weirlog.replication;

import static io.weirlog.replication.LonePartition.ID;
import static io.weirlog.replication.LonePartition.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Durability;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.log.LogConfig;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.wire.Payload;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PartitionAppendsTest {
    @AutoClose
    private final LonePartition broker;

    PartitionAppendsTest(@TempDir Path folder) throws IOException {
        broker = new LonePartition(folder);
    }

    @ParameterizedTest
    @EnumSource
    void anAcknowledgedAppendIsReadable(Durability durability) throws Exception {
        broker.host(LogConfig.builder().durability(durability).build());
        for (var i = 0; i < 100; i++) {
            var appended = assertInstanceOf(AppendResult.Appended.class, broker.append());
            assertEquals(2L * i, appended.baseOffset().value());
            assertEquals(new LeaderEpoch(4), appended.epoch());
            assertEquals(durability, appended.durability());
            assertTrue(broker.leading().highWatermark().value() >= 2L * i + 2);
        }
        if (durability == Durability.FSYNC) {
            assertTrue(broker.leading().log().syncedOffset().value() >= 200);
        }
    }

    @Test
    void manyAppendsShareTurnsAndKeepTheirOrder() throws Exception {
        broker.host(LogConfig.defaults());
        List<CompletableFuture<AppendResult>> results = new ArrayList<>();
        for (var i = 0; i < 900; i++) {
            results.add(broker.append(i % 2 == 0 ? Acks.ALL : Acks.LEADER, Optional.empty(), 20_000));
        }
        var expected = 0L;
        for (var result : results) {
            var appended = assertInstanceOf(AppendResult.Appended.class, result.get(20, TimeUnit.SECONDS));
            assertEquals(expected, appended.baseOffset().value());
            expected += 2;
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRepeatedBatchIsAnsweredLikeTheFirst(Durability durability) throws Exception {
        broker.host(LogConfig.builder().durability(durability).build());
        // Sent without waiting, so that some share a turn and some come before the first is safe.
        var results = new ArrayList<CompletableFuture<AppendResult>>();
        for (var i = 0; i < 20; i++) {
            for (var repeat = 0; repeat < 3; repeat++) {
                results.add(appendFrom(7, 0, 2 * i, Optional.empty()));
            }
        }
        for (var i = 0; i < 60; i++) {
            assertEquals(new Offset(2L * (i / 3)), baseOffset(results.get(i)), "batch " + i);
        }
        var end = new Offset(40);
        assertEquals(end, broker.leading().log().logEndOffset());
        var first = new AppendResult.First(new Offset(38), new LeaderEpoch(4), 2000);
        assertEquals(
                new AppendResult.Repeated(Optional.of(first), 2, 1, durability),
                get(appendFrom(7, 0, 38, Optional.empty())));
        assertEquals(
                new AppendResult.Repeated(Optional.empty(), 2, 1, durability),
                get(appendFrom(7, 0, 0, Optional.empty())),
                "older than what is remembered");
        assertEquals(new Offset(38), baseOffset(appendFrom(7, 0, 38, Optional.of(new Offset(38)))));
        assertEquals(
                new AppendResult.NotAppended(new AppendRefusal.UnexpectedOffset(end.plus(2), end)),
                get(appendFrom(7, 0, 38, Optional.of(end.plus(2)))));
        assertEquals(end, broker.leading().log().logEndOffset());
    }

    @Test
    void whatAProducerMayNotSendIsRefused() throws Exception {
        broker.host(LogConfig.defaults());
        assertEquals(Offset.ZERO, baseOffset(appendFrom(7, 1, 0, Optional.empty())));
        assertEquals(
                new AppendResult.NotAppended(new AppendRefusal.OutOfOrderSequence(2, 4)),
                get(appendFrom(7, 1, 4, Optional.empty())));
        assertEquals(
                new AppendResult.NotAppended(new AppendRefusal.UnknownProducer(4)),
                get(appendFrom(8, 1, 4, Optional.empty())));
        assertEquals(
                new AppendResult.NotAppended(new AppendRefusal.ProducerFenced((short) 1, (short) 0)),
                get(appendFrom(7, 0, 2, Optional.empty())));
        // A refused batch does not count for the one after it.
        assertEquals(
                new AppendResult.NotAppended(new AppendRefusal.UnexpectedOffset(new Offset(9), new Offset(2))),
                get(appendFrom(7, 1, 2, Optional.of(new Offset(9)))));
        assertEquals(new Offset(2), baseOffset(appendFrom(7, 1, 2, Optional.empty())));
    }

    private CompletableFuture<AppendResult> appendFrom(
            long producerId, int epoch, int sequence, Optional<Offset> expected) {
        var builder = new RecordBatchBuilder(Compression.NONE, 128);
        builder.append(1000, null, new byte[100], List.of());
        builder.append(2000, null, new byte[100], List.of());
        builder.producer(producerId, (short) epoch, sequence);
        return broker.append(builder, Acks.ALL, expected, 20_000);
    }

    private static Offset baseOffset(CompletableFuture<AppendResult> result) throws Exception {
        return switch (get(result)) {
            case AppendResult.Appended appended -> appended.baseOffset();
            case AppendResult.Repeated repeated ->
                repeated.first().orElseThrow().baseOffset();
            case AppendResult.NotAppended refused -> throw new AssertionError(refused);
            case AppendResult.Unknown unknown -> throw new AssertionError(unknown);
        };
    }

    @Test
    void compareAndAppendLetsOneOfTwoWin() throws Exception {
        broker.host(LogConfig.defaults());
        var first = broker.append(Acks.ALL, Optional.of(Offset.ZERO), 20_000);
        var second = broker.append(Acks.ALL, Optional.of(Offset.ZERO), 20_000);
        assertInstanceOf(AppendResult.Appended.class, first.get(20, TimeUnit.SECONDS));
        var refused = assertInstanceOf(AppendResult.NotAppended.class, second.get(20, TimeUnit.SECONDS));
        assertEquals(new AppendRefusal.UnexpectedOffset(Offset.ZERO, new Offset(2)), refused.refusal());
    }

    @Test
    void anAppendThatComesTooLateIsNotAppended() throws Exception {
        broker.host(LogConfig.defaults());
        var late = broker.append(Acks.ALL, Optional.empty(), -1).get(20, TimeUnit.SECONDS);
        assertEquals(new AppendResult.NotAppended(new AppendRefusal.TimedOut()), late);
        assertEquals(Offset.ZERO, broker.leading().log().logEndOffset());
    }

    @Test
    void aWriterWhoseAnswerFailsHarmsNobody() throws Exception {
        broker.host(LogConfig.defaults());
        var builder = new RecordBatchBuilder(Compression.NONE, 128);
        builder.append(System.currentTimeMillis(), null, new byte[100], List.of());
        var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        broker.partitions()
                .append(
                        ID,
                        new AppendCommand(
                                Payload.of(builder.build()), 1, Acks.ALL, Optional.empty(), deadline, result -> {
                                    throw new IllegalStateException("as the test wants it");
                                }));
        assertEquals(
                1,
                assertInstanceOf(AppendResult.Appended.class, broker.append())
                        .baseOffset()
                        .value());
        assertEquals(3, broker.leading().highWatermark().value());
    }

    @Test
    void aFullInboxRefusesAndLosesNothing() throws Exception {
        broker.host(LogConfig.defaults());
        List<CompletableFuture<AppendResult>> results = new ArrayList<>();
        for (var i = 0; i < 20_000; i++) {
            results.add(broker.append(Acks.NONE, Optional.empty(), 20_000));
        }
        var appended = 0;
        for (var result : results) {
            switch (result.get(20, TimeUnit.SECONDS)) {
                case AppendResult.InLog done -> appended++;
                case AppendResult.NotAppended(var refusal) -> assertInstanceOf(AppendRefusal.Overloaded.class, refusal);
                case AppendResult.Unknown unknown -> throw new AssertionError(unknown);
            }
        }
        assertEquals(2L * appended, broker.leading().log().logEndOffset().value());
    }
}
