package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.log.BatchVerdict.Invalid;
import io.weirlog.log.BatchVerdict.Reason;
import io.weirlog.log.BatchVerdict.Valid;
import io.weirlog.log.fault.FaultyStorage;
import io.weirlog.record.BatchFormat;
import io.weirlog.record.Compression;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordReader;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Malformed batches by the ten thousand: each is refused by what it declares, nothing else escapes, nothing hangs,
/// and no memory is taken beyond what the limits say. The long run is `-Dweirlog.fuzz.batches=1000000`.
class BatchFuzzTest {
    private static final int BATCHES = Integer.getInteger("weirlog.fuzz.batches", 60_000);
    private static final BatchLimits LIMITS = new BatchLimits(10_000, 60_000, false);
    private static final LogConfig CONFIG = LogConfig.builder()
            .messageBytesMax(LIMITS.batchBytesMax())
            .decompressedBytesMax(LIMITS.decompressedBytesMax())
            .timestampAfterMaxMillis(1L << 40)
            .segmentIndexBytes(1200)
            .build();
    private static final TimestampBounds BOUNDS = TimestampBounds.of(CONFIG, TestLogs.NOW);

    /// What one batch may make the heap hand out, all together, beside its own size (a codec may want its bytes in an
    /// array): the unpacked records, twice more for the arrays that were too small, and the codecs' own buffers.
    private static final long ALLOCATED_BYTES_MAX = 3L * LIMITS.decompressedBytesMax() + (512 << 10);

    private static final LeaderEpoch EPOCH = new LeaderEpoch(3);
    private static final long MILLIS_MAX = 5_000;

    private final ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @FunctionalInterface
    private interface Target {
        void take(ByteBuffer batch) throws Exception;
    }

    private void assertBounded(String what, ByteBuffer batch, Target target) {
        var allocatedMax = ALLOCATED_BYTES_MAX + batch.remaining();
        var allocated = assertTaken(what, batch, target);
        assertTrue(allocated <= allocatedMax, what + " allocated " + allocated);
    }

    /// Returns what the heap handed out meanwhile.
    private long assertTaken(String what, ByteBuffer batch, Target target) {
        var allocatedBefore = thread.getCurrentThreadAllocatedBytes();
        var began = System.nanoTime();
        try {
            target.take(batch);
        } catch (Exception | StackOverflowError | OutOfMemoryError | AssertionError e) {
            throw new AssertionError(what, e);
        }
        var millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
        var allocated = thread.getCurrentThreadAllocatedBytes() - allocatedBefore;
        assertTrue(millis <= MILLIS_MAX, what + " took " + millis + " ms");
        return allocated;
    }

    /// On the heap, off it, or read-only and somewhere in the middle.
    private static ByteBuffer placed(byte[] batch, int seed) {
        return switch (seed % 3) {
            case 0 -> ByteBuffer.wrap(batch);
            case 1 -> ByteBuffer.allocateDirect(batch.length).put(batch).flip();
            default ->
                ByteBuffer.allocate(batch.length + 9)
                        .put(5, batch)
                        .position(5)
                        .limit(5 + batch.length)
                        .asReadOnlyBuffer();
        };
    }

    @Test
    void theValidatorRefuses() throws Exception {
        var mutator = new BatchMutator();
        for (var good : mutator.corpus()) {
            assertInstanceOf(Valid.class, BatchValidator.validate(ByteBuffer.wrap(good), LIMITS, BOUNDS));
        }
        var refusals = new EnumMap<Reason, Integer>(Reason.class);
        for (var seed = 0; seed < BATCHES; seed++) {
            var batch = placed(mutator.mutate(new Random(seed)), seed);
            assertBounded("validator, seed " + seed, batch, bytes -> {
                switch (BatchValidator.validate(bytes, LIMITS, BOUNDS)) {
                    case Valid(int count, long maxTimestamp) -> assertIsWhatItSays(bytes, count, maxTimestamp);
                    case Invalid(Reason reason, String message) -> {
                        refusals.merge(reason, 1, Integer::sum);
                        assertFalse(message.isBlank());
                    }
                }
            });
        }
        System.out.println("the validator refused, of " + BATCHES + ": " + refusals);
        // Keys are not wanted here: whether a record has one is no matter of damage.
        var all = EnumSet.complementOf(EnumSet.of(Reason.KEY_MISSING));
        assertEquals(all, refusals.keySet(), "the damage reaches every check");
    }

    private static void assertIsWhatItSays(ByteBuffer batch, int count, long maxTimestamp) throws Exception {
        var reader = RecordReader.open(RecordBatch.of(batch), LIMITS.decompressedBytesMax());
        var records = 0;
        var latest = BatchFormat.NO_TIMESTAMP;
        while (reader.next()) {
            assertEquals(records, reader.offsetDelta());
            latest = Math.max(latest, reader.timestampMillis());
            reader.record();
            records++;
        }
        assertEquals(count, records);
        assertEquals(maxTimestamp, latest);
    }

    /// The reader gets what nobody has validated: a consumer's bytes, a file's.
    @Test
    void theReaderRefuses() throws Exception {
        var mutator = new BatchMutator();
        var refused = 0;
        for (var seed = 0; seed < BATCHES; seed++) {
            var batch = placed(mutator.mutate(new Random(seed)), seed);
            var problem = new boolean[1];
            assertBounded("reader, seed " + seed, batch, bytes -> {
                try {
                    RecordReader.readAll(RecordBatch.parse(bytes), LIMITS.decompressedBytesMax());
                } catch (MalformedBatchException e) {
                    problem[0] = true;
                    assertFalse(String.valueOf(e.getMessage()).isBlank());
                }
            });
            refused += problem[0] ? 1 : 0;
        }
        System.out.println("the reader refused " + refused + " of " + BATCHES);
        assertTrue(refused > BATCHES / 4, refused + " refused");
    }

    /// What a follower takes continues its log; what it refuses leaves the log as it was.
    @Test
    void theFollowerRefuses() throws Exception {
        var mutator = new BatchMutator();
        var refused = 0;
        var batches = BATCHES / 3;
        var log = follower();
        for (var seed = 0; seed < batches; seed++) {
            var random = new Random(seed);
            var batch = mutator.mutate(random);
            if (batch.length >= BatchFormat.HEADER_BYTES && random.nextInt(8) > 0) {
                RecordBatch.stampBaseOffset(
                        ByteBuffer.wrap(batch), 0, log.logEndOffset().value());
                RecordBatch.stampLeaderEpoch(ByteBuffer.wrap(batch), 0, random.nextInt(20) == 0 ? -1 : EPOCH.value());
            }
            var end = log.logEndOffset();
            var sizeBytes = log.sizeBytes();
            var current = log;
            var problem = new boolean[1];
            var allocated = assertTaken("follower, seed " + seed, placed(batch, seed), bytes -> {
                try {
                    current.appendAsFollower(bytes);
                } catch (MalformedBatchException e) {
                    problem[0] = true;
                    assertFalse(String.valueOf(e.getMessage()).isBlank());
                }
            });
            // What it takes goes to a disk that is in memory itself.
            assertTrue(!problem[0] || allocated <= ALLOCATED_BYTES_MAX, "seed " + seed + " allocated " + allocated);
            assertEquals(problem[0] ? sizeBytes : sizeBytes + batch.length, log.sizeBytes(), "seed " + seed);
            var unchanged = problem[0] || batch.length == 0;
            assertEquals(!unchanged, log.logEndOffset().isAfter(end), "seed " + seed);
            refused += problem[0] ? 1 : 0;
            // An epoch that the damage brought in would make it refuse all that follow.
            if (log.sizeBytes() > 100_000 || !log.latestEpoch().equals(Optional.of(EPOCH))) {
                log = follower();
            }
        }
        System.out.println("the follower refused " + refused + " of " + batches);
        assertTrue(refused > batches / 4, refused + " refused");
    }

    private static PartitionLog follower() throws Exception {
        FaultyStorage disk = CrashRun.newDisk(0);
        var log = CrashRun.open(disk, CONFIG);
        log.beginEpoch(EPOCH);
        return log;
    }

    /// 64 MiB of zeros pack into little with every codec; no more of it is unpacked than the limit says.
    @ParameterizedTest
    @EnumSource(value = Compression.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void aBombIsNotUnpacked(Compression compression) {
        var zeros = new byte[64 << 20];
        var packed = compression.compress(zeros, 0, zeros.length);
        var batch = ByteBuffer.allocate(BatchFormat.HEADER_BYTES + packed.remaining());
        batch.put(0, TestLogs.batch(1, 1), 0, BatchFormat.HEADER_BYTES);
        batch.put(BatchFormat.HEADER_BYTES, packed, 0, packed.remaining());
        batch.putInt(BatchFormat.LENGTH_AT, batch.limit() - BatchFormat.PREFIX_BYTES);
        batch.putShort(BatchFormat.ATTRIBUTES_AT, (short) compression.id());
        RecordBatch.stampCrc(batch, 0);
        var limits = new BatchLimits(8 << 20, LIMITS.decompressedBytesMax(), false);
        assertBounded(compression.configValue(), batch, bytes -> {
            var verdict = assertInstanceOf(Invalid.class, BatchValidator.validate(bytes, limits));
            assertEquals(Reason.DECOMPRESSED_TOO_LARGE, verdict.reason(), verdict.message());
        });
    }
}
