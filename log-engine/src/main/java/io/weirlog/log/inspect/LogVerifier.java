package io.weirlog.log.inspect;

import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/// Checks one log: every batch by its CRC, its records and what came before it; indexes against the batches; all
/// other files by themselves and against the log's end. A segment is checked up to the first place where no batch can
/// be recognised.
public final class LogVerifier {
    /// As generous as the broker's own bound.
    private static final int DECOMPRESSED_BYTES_MAX = 64 << 20;

    private final LogFiles files;
    private final boolean gapsAllowed;
    private final LongConsumer progress;
    private final List<Finding> findings = new ArrayList<>();
    private NavigableMap<Long, Integer> epochStarts = new TreeMap<>();
    private long checkedBytes;
    private long nextOffset;
    private int lastEpoch;

    private LogVerifier(LogFiles files, boolean gapsAllowed, LongConsumer progress) {
        this.files = files;
        this.gapsAllowed = gapsAllowed;
        this.progress = progress;
    }

    /// All that is wrong with a log, in the order of its files; empty if it is right.
    ///
    /// @param gapsAllowed whether offsets may be missing, as they are after compaction
    /// @param progress is told how many bytes of segments have been checked so far
    public static List<Finding> verify(LogFiles files, boolean gapsAllowed, LongConsumer progress) throws IOException {
        var verifier = new LogVerifier(files, gapsAllowed, progress);
        verifier.verifyAll();
        return List.copyOf(verifier.findings);
    }

    private void verifyAll() throws IOException {
        var small = new SmallFileCheck(files, findings);
        small.metadata();
        epochStarts = small.epochs();
        var start = small.logStart();
        if (!files.segments().isEmpty() && files.segments().getFirst() > start.orElse(0)) {
            findings.add(new Finding(
                    files.segmentFile(files.segments().getFirst(), LogFiles.LOG),
                    0,
                    "the log begins at " + start.orElse(0) + ", the segments before this one are gone"));
        }
        for (var base : files.segments()) {
            verifySegment(base);
        }
        if (start.isPresent() && start.getAsLong() > nextOffset) {
            find(LogFiles.LOG_START, "the log begins at " + start.getAsLong() + " and ends at " + nextOffset);
        }
        var latest = epochStarts.lastEntry();
        if (latest != null && latest.getKey() > nextOffset) {
            find(
                    LogFiles.EPOCHS,
                    "epoch " + latest.getValue() + " starts at " + latest.getKey() + ", the log ends at " + nextOffset);
        }
        small.cleanShutdown(nextOffset);
        small.syncedOffset(nextOffset);
        small.snapshots(nextOffset);
    }

    private void verifySegment(long base) throws IOException {
        var file = files.segmentFile(base, LogFiles.LOG);
        if (base == files.segments().getFirst()) {
            nextOffset = base;
        } else if (base != nextOffset && !(gapsAllowed && base > nextOffset)) {
            findings.add(
                    new Finding(file, 0, "the segment begins at " + base + ", the one before ends at " + nextOffset));
            nextOffset = Math.max(nextOffset, base);
        }
        var indexes = new IndexCheck(files, base);
        var transactions = new TransactionIndexCheck(files, base);
        try (var walk = SegmentWalk.open(file)) {
            while (walk.next()) {
                var batch = walk.batch();
                var problem = problemOf(batch);
                if (!problem.isEmpty()) {
                    findings.add(new Finding(file, walk.position(), problem));
                }
                lastEpoch = Math.max(lastEpoch, batch.leaderEpoch());
                nextOffset = Math.max(nextOffset, batch.nextOffset());
                indexes.pass(batch, walk.position());
                transactions.pass(batch);
                checkedBytes += batch.sizeBytes();
                progress.accept(checkedBytes);
            }
            walk.restProblem().ifPresent(findings::add);
        }
        findings.addAll(indexes.finish());
        findings.addAll(transactions.finish());
    }

    /// What is wrong with a batch; empty if nothing is.
    private String problemOf(RecordBatch batch) {
        if (!batch.crcIsValid()) {
            return "the CRC is wrong";
        }
        var continues = gapsAllowed ? batch.baseOffset() >= nextOffset : batch.baseOffset() == nextOffset;
        if (!continues || batch.lastOffsetDelta() < 0) {
            return "a batch of offsets " + batch.baseOffset() + " to " + batch.lastOffset()
                    + " comes where the log is at " + nextOffset;
        }
        if (batch.leaderEpoch() < lastEpoch) {
            return "a batch of epoch " + batch.leaderEpoch() + " follows one of epoch " + lastEpoch;
        }
        var known = epochStarts.floorEntry(batch.baseOffset());
        if (known != null && known.getValue() != batch.leaderEpoch()) {
            return "a batch of epoch " + batch.leaderEpoch() + " is where by " + LogFiles.EPOCHS + " epoch "
                    + known.getValue() + " is";
        }
        return recordProblem(batch);
    }

    private static String recordProblem(RecordBatch batch) {
        try {
            var records = RecordReader.open(batch, DECOMPRESSED_BYTES_MAX);
            while (records.next()) {
                if (records.offsetDelta() < 0 || records.offsetDelta() > batch.lastOffsetDelta()) {
                    return "a record has offset " + records.offset() + " in a batch up to " + batch.lastOffset();
                }
            }
            return "";
        } catch (MalformedBatchException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private void find(String name, String problem) {
        findings.add(new Finding(files.file(name), 0, problem));
    }

    /// Partitions of one topic whose ids differ: of those that hold the less common id each is named. Partitions are
    /// told by their directories' names.
    public static List<Finding> verifyTopicIds(List<LogFiles> logs) throws IOException {
        return TopicIdCheck.verify(logs);
    }
}
