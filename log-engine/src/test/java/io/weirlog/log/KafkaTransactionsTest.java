package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Offset;
import io.weirlog.log.TransactionMarker.Outcome;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordBatchBuilder;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.storage.internals.log.AbortedTxn;
import org.apache.kafka.storage.internals.log.AppendOrigin;
import org.apache.kafka.storage.internals.log.ProducerStateManager;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Markers, transaction indexes and snapshots of producers: Kafka's own code reads what Weirlog writes, and the other
/// way round.
class KafkaTransactionsTest {
    @TempDir
    Path directory;

    private static ByteBuffer batch(long producerId, int epoch, int sequence, boolean transactional) {
        var builder = new RecordBatchBuilder(Compression.NONE, 256);
        builder.append(TestLogs.NOW, null, new byte[100], List.of());
        builder.producer(producerId, (short) epoch, sequence);
        if (transactional) {
            builder.transactional();
        }
        return builder.build();
    }

    @Test
    void kafkaReadsOurs() throws Exception {
        var place = directory.resolve("orders-3");
        var config =
                LogConfig.builder().segmentBytes(1500).segmentIndexBytes(240).build();
        List<AbortedTransaction> aborted;
        List<ProducerTable.Entry> producers;
        try (var log = TestLogs.openLeader(place, config)) {
            for (var turn = 0; turn < 12; turn++) {
                for (var producer = 1; producer <= 2; producer++) {
                    log.append(
                            List.of(batch(producer, turn, 0, true), batch(9, 0, 2 * turn + producer - 1, false)),
                            TestLogs.EPOCH,
                            0);
                }
                for (var producer = 1; producer <= 2; producer++) {
                    var outcome = (turn + producer) % 3 == 0 ? Outcome.COMMIT : Outcome.ABORT;
                    var marker = new TransactionMarker(producer, (short) (turn + 1), outcome, 5);
                    log.appendMarker(marker, TestLogs.EPOCH, TestLogs.NOW);
                }
            }
            log.append(List.of(batch(1, 12, 0, true)), TestLogs.EPOCH, 0);
            aborted = log.abortedTransactions(Offset.ZERO, log.logEndOffset());
            producers = log.producers();
        }
        assertEquals(16, aborted.size());
        var names = TestLogs.names(place);
        assertTrue(names.stream().filter(name -> name.endsWith(".txnindex")).count() > 2, names.toString());
        var dump = KafkaOracleTest.dump(place, ".log", ".index", ".timeindex", ".txnindex", ".snapshot");
        assertEquals(Optional.empty(), KafkaOracleTest.complaints(dump));
        assertEquals(16, dump.split("endTxnMarker: ABORT coordinatorEpoch: 5", -1).length - 1, dump);
        assertEquals(8, dump.split("endTxnMarker: COMMIT coordinatorEpoch: 5", -1).length - 1, dump);
        assertEquals(aborted, readByKafka(place, names));

        var last = names.stream().filter(name -> name.endsWith(".snapshot")).reduce((_, name) -> name);
        var entries = ProducerStateManager.readSnapshot(
                place.resolve(last.orElseThrow()).toFile());
        assertEquals(
                producers.stream().map(KafkaTransactionsTest::describe).toList(),
                entries.stream()
                        .map(entry -> entry.producerId() + " " + entry.producerEpoch() + " " + entry.lastDataOffset()
                                + " " + entry.currentTxnFirstOffset() + " " + entry.coordinatorEpoch())
                        .sorted()
                        .toList());
    }

    private static String describe(ProducerTable.Entry entry) {
        return entry.producerId() + " " + entry.epoch() + " "
                + entry.last().map(ProducerTable.Appended::lastOffset).orElse(-1L) + " " + entry.transactionStart()
                + " " + entry.coordinatorEpoch().orElse(-1);
    }

    private static List<AbortedTransaction> readByKafka(Path place, List<String> names) throws Exception {
        var read = new ArrayList<AbortedTransaction>();
        for (var name : names) {
            if (name.endsWith(".txnindex")) {
                var base = Long.parseLong(name.substring(0, 20));
                try (var index = new org.apache.kafka.storage.internals.log.TransactionIndex(
                        base, place.resolve(name).toFile())) {
                    index.sanityCheck();
                    for (var each : index.allAbortedTxns()) {
                        read.add(new AbortedTransaction(
                                each.producerId(), each.firstOffset(), each.lastOffset(), each.lastStableOffset()));
                    }
                }
            }
        }
        return read;
    }

    @Test
    void weReadKafkas() throws Exception {
        var file = directory.resolve("00000000000000000000.txnindex");
        try (var index = new org.apache.kafka.storage.internals.log.TransactionIndex(0, file.toFile())) {
            index.append(new AbortedTxn(7, 3, 9, 5));
            index.append(new AbortedTxn(8, 5, 12, 13));
            index.flush();
        }
        assertEquals(
                Optional.of(List.of(new AbortedTransaction(7, 3, 9, 5), new AbortedTransaction(8, 5, 12, 13))),
                TransactionIndex.decode(ByteBuffer.wrap(Files.readAllBytes(file)), 0, 13));

        for (var type : List.of(ControlRecordType.ABORT, ControlRecordType.COMMIT)) {
            var records = MemoryRecords.withEndTransactionMarker(7, (short) 2, new EndTransactionMarker(type, 4));
            var outcome = type == ControlRecordType.ABORT ? Outcome.ABORT : Outcome.COMMIT;
            assertEquals(
                    Optional.of(new TransactionMarker(7, (short) 2, outcome, 4)),
                    TransactionMarker.decode(RecordBatch.of(records.buffer())));
        }
    }

    @Test
    void weReadASnapshotThatKafkaWrote() throws Exception {
        var manager = new ProducerStateManager(
                new TopicPartition("orders", 3),
                directory.toFile(),
                1000,
                new ProducerStateManagerConfig(86_400_000, false),
                Time.SYSTEM);
        var ours = new ProducerTable();
        var offset = 0L;
        for (var batch : List.of(batch(1, 0, 0, false), batch(2, 3, 0, true), batch(1, 0, 1, false))) {
            RecordBatch.stampBaseOffset(batch, 0, offset++);
            ours.take(RecordBatch.of(batch));
            for (var each : MemoryRecords.readableRecords(batch).batches()) {
                var update = manager.prepareUpdate(each.producerId(), AppendOrigin.REPLICATION);
                update.append(each, Optional.empty());
                manager.update(update);
            }
        }
        manager.updateMapEndOffset(offset);
        manager.takeSnapshot();
        var bytes = Files.readAllBytes(directory.resolve("00000000000000000003.snapshot"));
        var entries = ProducerSnapshot.decode(ByteBuffer.wrap(bytes)).orElseThrow();
        assertEquals(
                ours.entries(),
                entries.stream()
                        .sorted((a, b) -> Long.compare(a.producerId(), b.producerId()))
                        .toList());
        assertEquals(OptionalLong.of(1), ProducerTable.of(entries).firstOpenTransaction());
    }
}
