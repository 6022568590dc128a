package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Offset;
import io.weirlog.log.ProducerVerdict.Accepted;
import io.weirlog.log.ProducerVerdict.Duplicate;
import io.weirlog.log.ProducerVerdict.Fenced;
import io.weirlog.log.ProducerVerdict.OldDuplicate;
import io.weirlog.log.ProducerVerdict.OutOfOrder;
import io.weirlog.log.ProducerVerdict.UnknownProducer;
import io.weirlog.log.TransactionMarker.Outcome;
import io.weirlog.record.BatchFormat;
import io.weirlog.record.RecordBatch;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProducerTableTest {
    private static final int SEEDS = 300;
    private static final int STEPS = 200;
    private static final Accepted ACCEPTED = new Accepted();

    private final ProducerTable table = new ProducerTable();
    private long end;

    /// The header of a batch; the table looks at nothing else.
    private static RecordBatch batch(long producerId, int epoch, int baseSequence, int records, long baseOffset) {
        return batch(producerId, epoch, baseSequence, records, baseOffset, 0);
    }

    private static RecordBatch batch(
            long producerId, int epoch, int baseSequence, int records, long baseOffset, int attributes) {
        var header = ByteBuffer.allocate(BatchFormat.HEADER_BYTES)
                .putLong(BatchFormat.BASE_OFFSET_AT, baseOffset)
                .putInt(BatchFormat.LAST_OFFSET_DELTA_AT, records - 1)
                .putLong(BatchFormat.MAX_TIMESTAMP_AT, TestLogs.NOW + baseOffset)
                .putShort(BatchFormat.ATTRIBUTES_AT, (short) attributes)
                .putLong(BatchFormat.PRODUCER_ID_AT, producerId)
                .putInt(BatchFormat.LENGTH_AT, BatchFormat.HEADER_BYTES - BatchFormat.PREFIX_BYTES)
                .putInt(BatchFormat.RECORD_COUNT_AT, records)
                .putShort(BatchFormat.PRODUCER_EPOCH_AT, (short) epoch)
                .putInt(BatchFormat.BASE_SEQUENCE_AT, baseSequence);
        return RecordBatch.of(header);
    }

    /// Sends a batch as a leader would take it.
    private ProducerVerdict send(long producerId, int epoch, int baseSequence, int records) {
        var batch = batch(producerId, epoch, baseSequence, records, end);
        var verdict = table.check(batch);
        if (verdict instanceof Accepted) {
            table.take(batch);
            end += records;
        }
        return verdict;
    }

    @Test
    void aRepeatedBatchIsAnsweredWithItsFirstOffset() {
        for (var i = 0; i < 7; i++) {
            assertEquals(ACCEPTED, send(1, 0, i * 2, 2));
        }
        for (var i = 2; i < 7; i++) {
            var first = new Offset(2L * i);
            assertEquals(new Duplicate(first, first.plus(1), TestLogs.NOW + 2L * i), send(1, 0, i * 2, 2));
        }
        assertEquals(new OldDuplicate(new Offset(4)), send(1, 0, 2, 2), "too old to be known by its offset");
        assertEquals(new OutOfOrder(14, 3), send(1, 0, 3, 2), "half of it is known");
        assertEquals(new OutOfOrder(14, 12), send(1, 0, 12, 3), "not the same batch");
        assertEquals(new OutOfOrder(14, 15), send(1, 0, 15, 1));
        assertEquals(ACCEPTED, send(1, 0, 14, 1));
        assertEquals(new UnknownProducer(77), send(2, 0, 77, 1), "its state may have been forgotten");
        assertEquals(ACCEPTED, send(2, 0, 0, 1));
        assertEquals(ACCEPTED, table.check(batch(BatchFormat.NO_PRODUCER_ID, -1, -1, 1, end)));
    }

    @Test
    void sequencesWrap() {
        table.take(batch(1, 0, Integer.MAX_VALUE - 1, 4, end));
        end += 4;
        assertEquals(new OutOfOrder(2, 3), send(1, 0, 3, 1));
        assertEquals(new Duplicate(new Offset(0), new Offset(3), TestLogs.NOW), send(1, 0, Integer.MAX_VALUE - 1, 4));
        assertEquals(ACCEPTED, send(1, 0, 2, 1));
        for (var i = 0; i < ProducerTable.BATCHES_KEPT; i++) {
            assertEquals(ACCEPTED, send(1, 0, 3 + i, 1));
        }
        assertEquals(new OldDuplicate(new Offset(5)), send(1, 0, 2, 1));
        // Whether that was in the last round or will be in the next, only the producer knows.
        assertEquals(new OutOfOrder(8, Integer.MAX_VALUE - 9), send(1, 0, Integer.MAX_VALUE - 9, 1));
    }

    @Test
    void aNewEpochFencesTheOldOneAndBeginsAtZero() {
        for (var i = 0; i < 6; i++) {
            assertEquals(ACCEPTED, send(1, 3, i, 1));
        }
        assertEquals(new OutOfOrder(0, 6), send(1, 4, 6, 1));
        assertEquals(ACCEPTED, send(1, 4, 0, 1));
        assertEquals(new Fenced((short) 4, (short) 3), send(1, 3, 6, 1));
        assertEquals(ACCEPTED, send(1, 4, 1, 1));
        // A marker of a newer epoch fences as well.
        table.take(marker(1, 5, Outcome.ABORT, 0));
        assertEquals(new Fenced((short) 5, (short) 4), send(1, 4, 2, 1));
        assertEquals(new OutOfOrder(0, 2), send(1, 5, 2, 1));
        assertEquals(ACCEPTED, send(1, 5, 0, 1));
    }

    @Test
    void theFirstOpenTransactionIsWhereNothingIsDecided() {
        assertEquals(OptionalLong.empty(), table.firstOpenTransaction());
        for (var producer = 1; producer <= 3; producer++) {
            for (var i = 0; i < 2; i++) {
                table.take(batch(producer, 0, i, 1, end++, BatchFormat.TRANSACTIONAL_BIT));
            }
        }
        assertEquals(OptionalLong.of(0), table.firstOpenTransaction());
        assertEquals(Optional.of(new AbortedTransaction(2, 2, 6, 0)), table.take(marker(2, 1, Outcome.ABORT, 8)));
        assertEquals(OptionalLong.of(0), table.firstOpenTransaction());
        assertEquals(Optional.empty(), table.take(marker(1, 1, Outcome.COMMIT, 8)), "not aborted");
        assertEquals(OptionalLong.of(4), table.firstOpenTransaction());
        assertEquals(Optional.empty(), table.take(marker(1, 1, Outcome.ABORT, 8)), "the transaction has ended");
        assertEquals(Optional.of(new AbortedTransaction(3, 4, 9, 10)), table.take(marker(3, 1, Outcome.ABORT, 8)));
        assertEquals(OptionalLong.empty(), table.firstOpenTransaction());
    }

    /// A batch with one marker, as it lies in the log.
    private RecordBatch marker(long producerId, int epoch, Outcome outcome, int coordinatorEpoch) {
        var bytes = new TransactionMarker(producerId, (short) epoch, outcome, coordinatorEpoch).encode(TestLogs.NOW);
        RecordBatch.stampBaseOffset(bytes, 0, end++);
        return RecordBatch.of(bytes);
    }

    @Test
    void aLateMarkerTouchesNoOtherTransaction() {
        var first = new TransactionMarker(1, (short) 1, Outcome.COMMIT, 5);
        assertEquals(Optional.empty(), table.check(first), "of an unknown producer: it fences");
        table.take(batch(1, 0, 0, 1, end++, BatchFormat.TRANSACTIONAL_BIT));
        assertEquals(Optional.empty(), table.check(first));
        table.take(marker(1, 1, Outcome.COMMIT, 5));
        assertEquals(Optional.of(new MarkerResult.AlreadyWritten()), table.check(first), "P4: repeated");
        table.take(batch(1, 1, 0, 1, end++, BatchFormat.TRANSACTIONAL_BIT));
        assertEquals(Optional.of(new MarkerResult.Late((short) 1)), table.check(first), "P5: the next is open");
        var older = new TransactionMarker(1, (short) 0, Outcome.ABORT, 5);
        assertEquals(Optional.of(new MarkerResult.Late((short) 1)), table.check(older));
        var deposed = new TransactionMarker(1, (short) 2, Outcome.ABORT, 4);
        assertEquals(Optional.of(new MarkerResult.CoordinatorFenced(5)), table.check(deposed));
        assertEquals(Optional.empty(), table.check(new TransactionMarker(1, (short) 2, Outcome.ABORT, 6)));
    }

    @Test
    void aProducerInATransactionSendsNothingElse() {
        table.take(batch(1, 0, 0, 1, end++, BatchFormat.TRANSACTIONAL_BIT));
        assertEquals(new ProducerVerdict.OutsideTransaction(Offset.ZERO), send(1, 0, 1, 1));
        assertEquals(ACCEPTED, table.check(batch(1, 0, 1, 1, end, BatchFormat.TRANSACTIONAL_BIT)));
        table.take(marker(1, 1, Outcome.COMMIT, 0));
        assertEquals(ACCEPTED, send(1, 1, 0, 1));
    }

    /// What compaction leaves of a batch tells sequence and epoch, and opens no transaction.
    @Test
    void emptiedBatchesKeepSequenceAndEpoch() {
        table.take(batch(1, 0, 0, 1, end++));
        var emptied = batch(1, 1, 0, 3, end, BatchFormat.TRANSACTIONAL_BIT);
        table.take(emptiedOf(emptied));
        end += 3;
        assertEquals(OptionalLong.empty(), table.firstOpenTransaction());
        assertEquals(new OutOfOrder(3, 4), send(1, 1, 4, 1));
        table.take(emptiedOf(batch(1, 2, -1, 1, end++, BatchFormat.CONTROL_BIT)));
        assertEquals(new Fenced((short) 2, (short) 1), send(1, 1, 3, 1));
        assertEquals(ACCEPTED, send(1, 2, 0, 1));
    }

    private static RecordBatch emptiedOf(RecordBatch batch) {
        var header = ByteBuffer.allocate(BatchFormat.HEADER_BYTES)
                .putLong(BatchFormat.BASE_OFFSET_AT, batch.baseOffset())
                .putInt(BatchFormat.LENGTH_AT, BatchFormat.HEADER_BYTES - BatchFormat.PREFIX_BYTES)
                .putInt(BatchFormat.LAST_OFFSET_DELTA_AT, batch.lastOffsetDelta())
                .putShort(BatchFormat.ATTRIBUTES_AT, batch.attributes())
                .putLong(BatchFormat.PRODUCER_ID_AT, batch.producerId())
                .putShort(BatchFormat.PRODUCER_EPOCH_AT, batch.producerEpoch())
                .putInt(BatchFormat.BASE_SEQUENCE_AT, batch.baseSequence());
        return RecordBatch.of(header);
    }

    @Test
    void idleProducersAreForgotten() {
        var hour = ProducerTable.CLOCK_STEP_MILLIS_MAX;
        var day = 24 * hour;
        assertEquals(ACCEPTED, send(1, 0, 0, 1));
        table.take(batch(2, 0, 0, 1, end++, BatchFormat.TRANSACTIONAL_BIT));
        table.forgetIdle(0, day);
        for (var look = 1; look <= 23; look++) {
            table.forgetIdle(look * hour, day);
        }
        assertEquals(2, table.size());
        table.forgetIdle(1000 * day, day);
        assertEquals(1, table.size(), "an open transaction keeps its producer");
        // What records say of their time does not matter, nor do a jump of the clock and its way back.
        assertEquals(ACCEPTED, send(1, 0, 0, 1));
        table.forgetIdle(2000 * day, 2 * hour);
        table.forgetIdle(3000 * day, 2 * hour);
        table.forgetIdle(day, 2 * hour);
        assertEquals(2, table.size());
        assertEquals(ACCEPTED, send(1, 0, 1, 1));
        table.forgetIdle(day + hour, 2 * hour);
        table.forgetIdle(day + 2 * hour, 2 * hour);
        assertEquals(2, table.size(), "it has appended meanwhile");
        table.forgetIdle(day + 3 * hour, 2 * hour);
        assertEquals(1, table.size());
    }

    /// One appended batch of the model, which remembers all of them.
    private record Sent(long producerId, int epoch, int baseSequence, int records, long offset) {}

    @Test
    void randomBatchesAreJudgedAsByAListOfAllBatches() {
        for (var seed = 0; seed < SEEDS; seed++) {
            var random = new Random(seed);
            var fresh = new ProducerTableTest();
            var all = new ArrayList<Sent>();
            for (var step = 0; step < STEPS; step++) {
                var next = new Sent(random.nextInt(3), random.nextInt(12) / 6, random.nextInt(24), 1, fresh.end);
                if (!all.isEmpty() && random.nextInt(3) > 0) {
                    var like = all.get(Math.max(0, all.size() - 1 - random.nextInt(12)));
                    var again = random.nextBoolean() ? like.baseSequence() : like.baseSequence() + like.records();
                    next = new Sent(like.producerId(), like.epoch(), again, 1 + random.nextInt(2), fresh.end);
                }
                var verdict = fresh.send(next.producerId(), next.epoch(), next.baseSequence(), next.records());
                assertEquals(expected(all, next), verdict, "seed " + seed + " step " + step);
                if (verdict instanceof Accepted) {
                    all.add(next);
                }
            }
        }
    }

    /// The batches of one append are judged as if each were appended before the next is looked at.
    @Test
    void anAppendIsJudgedInOrder() {
        var verdicts = new HashSet<Class<?>>();
        for (var seed = 0; seed < SEEDS; seed++) {
            var random = new Random(seed);
            var log = new ArrayList<RecordBatch>();
            var end = 0L;
            for (var turn = 0; turn < 12; turn++) {
                var table = tableOf(log);
                var entries = table.entries();
                var admission = table.admission(end);
                for (var i = random.nextInt(8); i >= 0; i--) {
                    var batch = randomBatch(random, tableOf(log), end);
                    var verdict = tableOf(log).check(batch);
                    assertEquals(verdict, admission.judge(batch.slice()), "seed " + seed);
                    verdicts.add(verdict.getClass());
                    if (verdict instanceof Accepted) {
                        log.add(batch);
                        end = batch.nextOffset();
                    }
                    assertEquals(new Offset(end), admission.endOffset());
                }
                assertEquals(entries, table.entries(), "judging changes nothing");
            }
        }
        assertEquals(7, verdicts.size(), verdicts.toString());
    }

    private static ProducerTable tableOf(List<RecordBatch> log) {
        var table = new ProducerTable();
        log.forEach(table::take);
        return table;
    }

    /// Continues what its producer has sent, as a rule.
    private static RecordBatch randomBatch(Random random, ProducerTable table, long offset) {
        var producer = random.nextInt(4) - 1;
        var attributes = random.nextInt(6) == 0 ? BatchFormat.TRANSACTIONAL_BIT : 0;
        var known = table.entries().stream()
                .filter(entry -> entry.producerId() == producer)
                .findFirst();
        var next = known.flatMap(ProducerTable.Entry::last)
                .map(last -> ProducerTable.plus(last.lastSequence(), 1))
                .orElse(0);
        var epoch = known.map(ProducerTable.Entry::epoch).orElse((short) 0) + random.nextInt(20) / 19;
        return switch (random.nextInt(4)) {
            case 0 -> batch(producer, epoch, Math.max(0, next - 1 - random.nextInt(2)), 1, offset, attributes);
            case 1 -> batch(producer, random.nextInt(2), random.nextInt(2), 1, offset, attributes);
            default -> batch(producer, epoch, next, 1 + random.nextInt(2), offset, attributes);
        };
    }

    private static ProducerVerdict expected(List<Sent> all, Sent next) {
        var own = all.stream().filter(s -> s.producerId() == next.producerId()).toList();
        if (own.isEmpty()) {
            return next.baseSequence() == 0 ? ACCEPTED : new UnknownProducer(next.baseSequence());
        }
        var last = own.getLast();
        if (next.epoch() != last.epoch()) {
            if (next.epoch() < last.epoch()) {
                return new Fenced((short) last.epoch(), (short) next.epoch());
            }
            return next.baseSequence() == 0 ? ACCEPTED : new OutOfOrder(0, next.baseSequence());
        }
        var recent = own.stream().filter(s -> s.epoch() == last.epoch()).toList();
        var known = recent.subList(Math.max(0, recent.size() - ProducerTable.BATCHES_KEPT), recent.size());
        for (var sent : known) {
            if (sent.baseSequence() == next.baseSequence() && sent.records() == next.records()) {
                var first = new Offset(sent.offset());
                return new Duplicate(first, first.plus(sent.records() - 1), TestLogs.NOW + sent.offset());
            }
        }
        if (next.baseSequence() + next.records() <= known.getFirst().baseSequence()) {
            return new OldDuplicate(new Offset(known.getFirst().offset()));
        }
        var expected = last.baseSequence() + last.records();
        return next.baseSequence() == expected ? ACCEPTED : new OutOfOrder(expected, next.baseSequence());
    }

    @Test
    void aSnapshotKeepsWhatComesNext(@TempDir Path directory) throws Exception {
        table.take(batch(7, 2, 40, 5, end));
        end += 5;
        assertEquals(ACCEPTED, send(7, 2, 45, 3));
        table.take(batch(9, 1, 0, 2, end, BatchFormat.TRANSACTIONAL_BIT));
        end += 2;
        table.take(marker(11, 6, Outcome.COMMIT, 13));
        var bytes = ProducerSnapshot.encode(table.entries());
        var read = ProducerTable.of(ProducerSnapshot.decode(bytes).orElseThrow());
        assertEquals(table.entries(), read.entries());
        assertEquals(OptionalLong.of(8), read.firstOpenTransaction());
        assertTrue(ProducerSnapshot.canBeOf(end, table.entries()));
        assertFalse(ProducerSnapshot.canBeOf(9, table.entries()), "it tells of a batch up to 9");
        assertEquals(
                new Duplicate(new Offset(5), new Offset(7), TestLogs.NOW + 5), read.check(batch(7, 2, 45, 3, end)));
        assertEquals(new OldDuplicate(new Offset(5)), read.check(batch(7, 2, 40, 5, end)));
        assertEquals(ACCEPTED, read.check(batch(7, 2, 48, 3, end)));
        assertEquals(new Fenced((short) 6, (short) 5), read.check(batch(11, 5, 0, 1, end)));

        // Kafka's own reader takes it.
        Files.write(directory.resolve("00000000000000000011.snapshot"), bytesOf(bytes));
        var dump = KafkaOracleTest.dump(directory, ".snapshot");
        for (var line : List.of(
                "producerId: 7 producerEpoch: 2 coordinatorEpoch: -1 currentTxnFirstOffset: OptionalLong.empty",
                "producerId: 9 producerEpoch: 1 coordinatorEpoch: -1 currentTxnFirstOffset: OptionalLong[8]",
                "producerId: 11 producerEpoch: 6 coordinatorEpoch: 13 currentTxnFirstOffset: OptionalLong.empty")) {
            assertTrue(dump.contains(line), dump);
        }
        assertTrue(dump.contains("lastSequence: 47 lastOffset: 7 offsetDelta: 2"), dump);
    }

    private static byte[] bytesOf(ByteBuffer buffer) {
        var bytes = new byte[buffer.remaining()];
        buffer.get(buffer.position(), bytes);
        return bytes;
    }

    @Test
    void aDamagedSnapshotIsNotBelieved() {
        assertEquals(ACCEPTED, send(7, 2, 0, 5));
        assertEquals(ACCEPTED, send(8, 2, 0, 5));
        var good = bytesOf(ProducerSnapshot.encode(table.entries()));
        for (var bit = 0; bit < good.length * 8; bit++) {
            var bytes = good.clone();
            bytes[bit / 8] ^= (byte) (1 << (bit % 8));
            assertEquals(Optional.empty(), ProducerSnapshot.decode(ByteBuffer.wrap(bytes)), "bit " + bit);
        }
        for (var length = 0; length < good.length; length++) {
            assertEquals(
                    Optional.empty(),
                    ProducerSnapshot.decode(ByteBuffer.wrap(good, 0, length).slice()),
                    "length " + length);
        }
    }
}
