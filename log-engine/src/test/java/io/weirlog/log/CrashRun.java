package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.log.fault.FaultyStorage;
import io.weirlog.log.fault.LossMode;
import io.weirlog.log.fault.Operation;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// One log on a faulty disk beside its model. While a step runs, a crash may leave the model of before or of after.
final class CrashRun {
    static final Path DIRECTORY = Path.of("/data/orders-3");

    final FaultyStorage disk;
    final LogConfig config;
    private final Random random;
    private LogModel before;
    private LogModel after;
    private @Nullable PartitionLog log;

    /// What a script consists of. A new kind of step computes the model of after, and does the same to the log.
    @FunctionalInterface
    interface Step {
        void run(CrashRun run) throws Exception;
    }

    @FunctionalInterface
    interface Change {
        void apply(PartitionLog log) throws Exception;
    }

    /// The log is opened by [#start].
    CrashRun(FaultyStorage disk, LogConfig config, long seed) {
        this(disk, config, LogModel.EMPTY, LogModel.EMPTY, seed);
    }

    private CrashRun(FaultyStorage disk, LogConfig config, LogModel before, LogModel after, long seed) {
        this.disk = disk;
        this.config = config;
        this.before = before;
        this.after = after;
        this.random = new Random(seed);
    }

    /// A disk on which nodes have run before: it has a data directory.
    static FaultyStorage newDisk(long seed) throws IOException {
        var disk = new FaultyStorage(seed);
        disk.createDirectories(Path.of("/data"));
        disk.syncDirectory(Path.of("/"));
        return disk;
    }

    static PartitionLog open(FaultyStorage disk, LogConfig config) throws IOException {
        return PartitionLog.open(disk, DIRECTORY, TestLogs.IDENTITY, config);
    }

    PartitionLog log() {
        return Objects.requireNonNull(log, "not started");
    }

    LogModel model() {
        return before;
    }

    void change(LogModel next, Change change) throws Exception {
        after = next;
        change.apply(log());
        before = next;
    }

    static Step append(int batches, int records, int valueBytes) {
        return run -> {
            var unstamped = run.batches(batches, records, valueBytes);
            var epoch = run.before.epochs().latest().orElseThrow();
            run.change(run.before.append(unstamped, epoch), log -> log.append(unstamped, epoch, TestLogs.NOW));
        };
    }

    /// Batches from a leader, of a later epoch by `epochStep`.
    static Step follow(int batches, int epochStep) {
        return run -> {
            var unstamped = run.batches(batches, 2, 100);
            var latest = run.before.epochs().latest().map(LeaderEpoch::value).orElse(0);
            var epoch = new LeaderEpoch(latest + epochStep);
            var next = run.before.begin(epoch).append(unstamped, epoch);
            var bytes = next.bytes(next.end());
            bytes.position(run.before.bytes(run.before.end()).remaining());
            run.change(next, log -> log.appendAsFollower(bytes));
        };
    }

    /// Batches of three idempotent producers, of which two use transactions.
    static Step produce(int batches, int valueBytes) {
        return run -> {
            var epoch = run.before.epochs().latest().orElseThrow();
            var unstamped = new ArrayList<ByteBuffer>();
            var next = run.before;
            for (var i = 0; i < batches; i++) {
                var batch = producerBatch(next, 1 + run.random.nextInt(3), valueBytes);
                next = next.append(List.of(batch), epoch);
                unstamped.add(batch);
            }
            run.change(next, log -> log.append(unstamped, epoch, TestLogs.NOW));
        };
    }

    private static ByteBuffer producerBatch(LogModel model, long producerId, int valueBytes) {
        var known = model.producers(model.end(), new ArrayList<>()).entries().stream()
                .filter(entry -> entry.producerId() == producerId)
                .findFirst();
        var builder = new RecordBatchBuilder(Compression.NONE, 256);
        builder.append(TestLogs.NOW, null, new byte[valueBytes], List.of());
        builder.producer(
                producerId,
                known.map(ProducerTable.Entry::epoch).orElse((short) 0),
                known.flatMap(ProducerTable.Entry::last)
                        .map(last -> ProducerTable.plus(last.lastSequence(), 1))
                        .orElse(0));
        if (producerId > 1) {
            builder.transactional();
        }
        return builder.build();
    }

    /// Ends the first open transaction; without one, that of a producer that never had any.
    static Step end(TransactionMarker.Outcome outcome) {
        return run -> {
            var marker = nextMarker(run.before, outcome);
            var epoch = run.before.epochs().latest().orElseThrow();
            run.change(
                    run.before.append(List.of(marker.encode(TestLogs.NOW)), epoch),
                    log -> assertEquals(
                            new MarkerResult.Written(new Offset(run.before.end())),
                            log.appendMarker(marker, epoch, TestLogs.NOW)));
        };
    }

    private static TransactionMarker nextMarker(LogModel model, TransactionMarker.Outcome outcome) {
        var entries = model.producers(model.end(), new ArrayList<>()).entries();
        var open = entries.stream()
                .filter(entry -> entry.transactionStart().isPresent())
                .findFirst()
                .or(() -> entries.stream()
                        .filter(entry -> entry.producerId() == 9)
                        .findFirst());
        return new TransactionMarker(
                open.map(ProducerTable.Entry::producerId).orElse(9L),
                (short) (open.map(ProducerTable.Entry::epoch).orElse((short) 0) + 1),
                outcome,
                0);
    }

    /// A transaction from a leader, with its end.
    static Step followTransaction(TransactionMarker.Outcome outcome) {
        return run -> {
            var epoch = run.before.epochs().latest().orElse(TestLogs.EPOCH);
            var next = run.before.begin(epoch);
            next = next.append(List.of(producerBatch(next, 2, 100), TestLogs.batch(1, 50)), epoch);
            next = next.append(List.of(nextMarker(next, outcome).encode(TestLogs.NOW)), epoch);
            var bytes = next.bytes(next.end());
            bytes.position(run.before.bytes(run.before.end()).remaining());
            run.change(next, log -> log.appendAsFollower(bytes));
        };
    }

    static Step epoch(int epochStep) {
        return run -> {
            var latest = run.before.epochs().latest().map(LeaderEpoch::value).orElse(0);
            var epoch = new LeaderEpoch(latest + epochStep);
            run.change(run.before.begin(epoch), log -> log.beginEpoch(epoch));
        };
    }

    static Step roll() {
        return run -> run.change(run.before.roll(), PartitionLog::roll);
    }

    static Step sync() {
        return run -> run.change(
                run.before.synced(),
                log -> assertEquals(run.before.end(), log.sync().value()));
    }

    /// The same with one call for the whole disk.
    static Step syncShared() {
        return run -> run.change(
                run.before.synced(),
                log -> assertEquals(run.before.end(), syncShared(run.disk, log).value()));
    }

    private static Offset syncShared(FaultyStorage disk, PartitionLog log) throws IOException {
        var waiter = new WaitingLog(log);
        SharedSync.open(disk, DIRECTORY).orElseThrow().sync(List.of(waiter));
        return waiter.end();
    }

    /// A cleaning: each step of the owner is a change of its own.
    static Step clean() {
        return run -> {
            sync().run(run);
            var left = run.cleanedModels();
            run.log()
                    .compaction()
                    .clean(
                            step -> {
                                run.after = left.getFirst();
                                step.run();
                                run.before = left.removeFirst();
                            },
                            CompactionTest.MEMORY,
                            bytes -> {},
                            run.log().logEndOffset(),
                            TestLogs.NOW);
            assertTrue(left.isEmpty(), left.size() + " steps were not made");
            assertEquals(run.before.bytes(run.before.end()), read(run.log()));
        };
    }

    /// What the log has to be after each step of a cleaning: what it is on a disk without faults.
    private ArrayDeque<LogModel> cleanedModels() throws Exception {
        var twin = open(disk.recoverAs(LossMode.ALL_KEPT, 0), config);
        var models = new ArrayDeque<LogModel>();
        twin.compaction()
                .clean(
                        step -> {
                            step.run();
                            models.add(before.withBatches(read(twin)));
                        },
                        CompactionTest.MEMORY,
                        bytes -> {},
                        twin.logEndOffset(),
                        TestLogs.NOW);
        return models;
    }

    /// A proper end, and the next start.
    static Step reopen() {
        return run -> {
            run.change(run.before.closed(), PartitionLog::close);
            run.log = open(run.disk, run.config);
            assertTrue(run.log().recovery().clean(), "a closed log opens without a scan");
            run.checkAll();
        };
    }

    /// The end of the process, not of the machine: nothing is lost.
    static Step kill() {
        return run -> {
            run.log = open(run.disk, run.config);
            run.checkAll();
        };
    }

    private List<ByteBuffer> batches(int count, int records, int valueBytes) {
        var batches = new ArrayList<ByteBuffer>();
        for (var i = 0; i < count; i++) {
            batches.add(TestLogs.batch(Compression.NONE, TestLogs.NOW + i, records, valueBytes, random));
        }
        return batches;
    }

    private void checkAll() throws IOException {
        assertEquals("", before.difference(log(), read(log())));
        assertEquals(before.end(), log().logEndOffset().value());
    }

    static ByteBuffer read(PartitionLog log) throws IOException {
        var bytes = ByteBuffer.allocate(Math.toIntExact(log.sizeBytes()));
        for (var at = Offset.ZERO; at.isBefore(log.logEndOffset()); ) {
            try (var slice = TestLogs.slice(log, at, 1 << 20, log.logEndOffset())) {
                slice.copyTo(bytes);
                at = slice.nextOffset();
            }
        }
        return bytes.flip();
    }

    /// What a crash at this moment leaves, to be started.
    CrashRun crash(LossMode mode, long seed) {
        return new CrashRun(disk.recoverAs(mode, seed), config, before, after, seed);
    }

    /// Opens the log, which must be what a crash may have left, and goes on with what it is.
    void start() throws IOException {
        var opened = open(disk, config);
        log = opened;
        var found = read(opened);
        var difference = before.difference(opened, found);
        if (!difference.isEmpty() && !after.difference(opened, found).isEmpty()) {
            throw new AssertionError(difference + "; " + after.difference(opened, found) + "; " + opened.recovery());
        }
        var left = (difference.isEmpty() ? before : after)
                .crashed(opened.logEndOffset().value());
        before = left;
        after = left;
    }

    /// Tells what comes next, before each boundary that follows.
    void onBoundary(BoundaryCheck check) {
        disk.faults().onBoundary(next -> {
            try {
                check.run(next);
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
    }

    @FunctionalInterface
    interface BoundaryCheck {
        void run(Operation next) throws Exception;
    }
}
