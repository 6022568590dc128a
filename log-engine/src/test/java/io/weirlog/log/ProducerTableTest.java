package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Offset;
import io.weirlog.log.ProducerVerdict.Accepted;
import io.weirlog.log.ProducerVerdict.Duplicate;
import io.weirlog.log.ProducerVerdict.Fenced;
import io.weirlog.log.ProducerVerdict.OutOfOrder;
import io.weirlog.record.BatchFormat;
import io.weirlog.record.RecordBatch;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
                .putShort(BatchFormat.PRODUCER_EPOCH_AT, (short) epoch)
                .putInt(BatchFormat.BASE_SEQUENCE_AT, baseSequence);
        return RecordBatch.of(header);
    }

    /// Sends a batch as a leader would take it.
    private ProducerVerdict send(long producerId, int epoch, int baseSequence, int records) {
        var batch = batch(producerId, epoch, baseSequence, records, end);
        var verdict = table.check(batch);
        if (verdict instanceof Accepted) {
            table.appended(batch);
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
        assertEquals(new OutOfOrder(14, 2), send(1, 0, 2, 2), "too old to be known");
        assertEquals(new OutOfOrder(14, 12), send(1, 0, 12, 3), "not the same batch");
        assertEquals(new OutOfOrder(14, 15), send(1, 0, 15, 1));
        assertEquals(ACCEPTED, send(1, 0, 14, 1));
        assertEquals(ACCEPTED, send(2, 0, 77, 1), "its state may have been forgotten");
        assertEquals(ACCEPTED, table.check(batch(BatchFormat.NO_PRODUCER_ID, -1, -1, 1, end)));
    }

    @Test
    void sequencesWrap() {
        assertEquals(ACCEPTED, send(1, 0, Integer.MAX_VALUE - 1, 4));
        assertEquals(new OutOfOrder(2, 3), send(1, 0, 3, 1));
        assertEquals(new Duplicate(new Offset(0), new Offset(3), TestLogs.NOW), send(1, 0, Integer.MAX_VALUE - 1, 4));
        assertEquals(ACCEPTED, send(1, 0, 2, 1));
    }

    @Test
    void aNewEpochFencesTheOldOneAndBeginsAtZero() {
        assertEquals(ACCEPTED, send(1, 3, 5, 1));
        assertEquals(new OutOfOrder(0, 6), send(1, 4, 6, 1));
        assertEquals(ACCEPTED, send(1, 4, 0, 1));
        assertEquals(new Fenced((short) 4, (short) 3), send(1, 3, 6, 1));
        assertEquals(ACCEPTED, send(1, 4, 1, 1));
        // A marker of a newer epoch fences as well.
        table.completed(batch(1, 5, -1, 1, end++, BatchFormat.CONTROL_BIT), true, 0);
        assertEquals(new Fenced((short) 5, (short) 4), send(1, 4, 2, 1));
        assertEquals(new OutOfOrder(0, 2), send(1, 5, 2, 1));
        assertEquals(ACCEPTED, send(1, 5, 0, 1));
    }

    @Test
    void theFirstOpenTransactionIsWhereNothingIsDecided() {
        assertEquals(Optional.empty(), table.firstOpenTransaction());
        for (var producer = 1; producer <= 3; producer++) {
            for (var i = 0; i < 2; i++) {
                table.appended(batch(producer, 0, i, 1, end++, BatchFormat.TRANSACTIONAL_BIT));
            }
        }
        assertEquals(Optional.of(Offset.ZERO), table.firstOpenTransaction());
        assertEquals(Optional.of(new ProducerTable.Completed(2, 2, 6, true)), complete(2, true));
        assertEquals(Optional.of(Offset.ZERO), table.firstOpenTransaction());
        assertEquals(Optional.of(new ProducerTable.Completed(1, 0, 7, false)), complete(1, false));
        assertEquals(Optional.of(new Offset(4)), table.firstOpenTransaction());
        assertEquals(Optional.empty(), complete(1, false), "the marker is repeated");
        table.forgetIdleSince(Long.MAX_VALUE);
        assertEquals(1, table.size(), "an open transaction keeps its producer");
        assertEquals(Optional.of(new ProducerTable.Completed(3, 4, 9, false)), complete(3, false));
        assertEquals(Optional.empty(), table.firstOpenTransaction());
        table.forgetIdleSince(TestLogs.NOW + 9);
        assertEquals(1, table.size());
        table.forgetIdleSince(TestLogs.NOW + 10);
        assertEquals(0, table.size());
    }

    private Optional<ProducerTable.Completed> complete(long producerId, boolean aborted) {
        var bits = BatchFormat.CONTROL_BIT | BatchFormat.TRANSACTIONAL_BIT;
        return table.completed(batch(producerId, 0, -1, 1, end++, bits), aborted, 8);
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

    private static ProducerVerdict expected(List<Sent> all, Sent next) {
        var own = all.stream().filter(s -> s.producerId() == next.producerId()).toList();
        if (own.isEmpty()) {
            return ACCEPTED;
        }
        var last = own.getLast();
        if (next.epoch() != last.epoch()) {
            if (next.epoch() < last.epoch()) {
                return new Fenced((short) last.epoch(), (short) next.epoch());
            }
            return next.baseSequence() == 0 ? ACCEPTED : new OutOfOrder(0, next.baseSequence());
        }
        var recent = own.stream().filter(s -> s.epoch() == last.epoch()).toList();
        for (var sent : recent.subList(Math.max(0, recent.size() - ProducerTable.BATCHES_KEPT), recent.size())) {
            if (sent.baseSequence() == next.baseSequence() && sent.records() == next.records()) {
                var first = new Offset(sent.offset());
                return new Duplicate(first, first.plus(sent.records() - 1), TestLogs.NOW + sent.offset());
            }
        }
        var expected = last.baseSequence() + last.records();
        return next.baseSequence() == expected ? ACCEPTED : new OutOfOrder(expected, next.baseSequence());
    }

    @Test
    void aSnapshotKeepsWhatComesNext(@TempDir Path directory) throws Exception {
        assertEquals(ACCEPTED, send(7, 2, 40, 5));
        assertEquals(ACCEPTED, send(7, 2, 45, 3));
        table.appended(batch(9, 1, 0, 2, end, BatchFormat.TRANSACTIONAL_BIT));
        end += 2;
        table.completed(batch(11, 6, -1, 1, end++, BatchFormat.CONTROL_BIT), false, 13);
        var bytes = ProducerSnapshot.encode(table.entries());
        var read = ProducerTable.of(ProducerSnapshot.decode(bytes).orElseThrow());
        assertEquals(table.entries(), read.entries());
        assertEquals(Optional.of(new Offset(8)), read.firstOpenTransaction());
        assertEquals(
                new Duplicate(new Offset(5), new Offset(7), TestLogs.NOW + 5), read.check(batch(7, 2, 45, 3, end)));
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
        assertEquals(ACCEPTED, send(7, 2, 40, 5));
        assertEquals(ACCEPTED, send(8, 2, 40, 5));
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
