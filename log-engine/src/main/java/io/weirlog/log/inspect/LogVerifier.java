package io.weirlog.log.inspect;

import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordReader;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/// Checks one log: every batch by its CRC, its records and what came before it; epochs; indexes against the batches.
/// A segment is checked up to the first place where no batch can be recognised.
public final class LogVerifier {
    /// As generous as the broker's own bound.
    private static final int DECOMPRESSED_BYTES_MAX = 64 << 20;

    private final LogFiles files;
    private final boolean gapsAllowed;
    private final List<Finding> findings = new ArrayList<>();
    private final NavigableMap<Long, Integer> epochStarts = new TreeMap<>();
    private long nextOffset;
    private int lastEpoch;

    private LogVerifier(LogFiles files, boolean gapsAllowed) {
        this.files = files;
        this.gapsAllowed = gapsAllowed;
    }

    /// All that is wrong with a log, in the order of its files; empty if it is right.
    ///
    /// @param gapsAllowed whether offsets may be missing, as they are after compaction
    public static List<Finding> verify(LogFiles files, boolean gapsAllowed) throws IOException {
        var verifier = new LogVerifier(files, gapsAllowed);
        verifier.verifyAll();
        return List.copyOf(verifier.findings);
    }

    private void verifyAll() throws IOException {
        verifyMetadata();
        readEpochs();
        for (var base : files.segments()) {
            verifySegment(base);
        }
        var latest = epochStarts.lastEntry();
        if (latest != null && latest.getKey() > nextOffset) {
            find(
                    LogFiles.EPOCHS,
                    "epoch " + latest.getValue() + " starts at " + latest.getKey() + ", the log ends at " + nextOffset);
        }
        verifyCleanEnd();
    }

    private void verifyMetadata() throws IOException {
        if (!Files.exists(files.file(LogFiles.METADATA))) {
            find(LogFiles.METADATA, "the file is missing");
            return;
        }
        var lines = files.lines(LogFiles.METADATA);
        if (lines.size() != 2
                || !lines.get(0).equals("version: 0")
                || !lines.get(1).matches("topic_id: [\\w-]{22}")) {
            find(LogFiles.METADATA, "it is not a version and a topic id");
        }
    }

    private void readEpochs() throws IOException {
        if (!Files.exists(files.file(LogFiles.EPOCHS))) {
            return;
        }
        var lines = files.lines(LogFiles.EPOCHS);
        if (lines.size() < 2
                || !lines.get(0).equals("0")
                || !lines.get(1).equals(String.valueOf(lines.size() - 2))
                || !lines.stream().skip(2).allMatch(line -> line.matches("\\d{1,9} \\d{1,18}"))) {
            find(LogFiles.EPOCHS, "it is not a version, a count and as many epochs");
            return;
        }
        var previous = -1;
        for (var line : lines.subList(2, lines.size())) {
            var epoch = Integer.parseInt(line.substring(0, line.indexOf(' ')));
            var start = Long.parseLong(line.substring(line.indexOf(' ') + 1));
            if (epoch <= previous || (!epochStarts.isEmpty() && start <= epochStarts.lastKey())) {
                find(LogFiles.EPOCHS, "epoch " + epoch + " from offset " + start + " does not continue those before");
            }
            previous = epoch;
            epochStarts.put(start, epoch);
        }
    }

    private void verifyCleanEnd() throws IOException {
        if (!Files.exists(files.file(LogFiles.CLEAN_SHUTDOWN))) {
            return;
        }
        var lines = files.lines(LogFiles.CLEAN_SHUTDOWN);
        if (!lines.equals(List.of("0", String.valueOf(nextOffset)))) {
            find(LogFiles.CLEAN_SHUTDOWN, "it does not say version 0 and that the log ends at " + nextOffset);
        }
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
        var batches = new ArrayList<IndexCheck.Batch>();
        try (var walk = SegmentWalk.open(file)) {
            while (walk.next()) {
                var problem = problemOf(walk.batch());
                if (!problem.isEmpty()) {
                    findings.add(new Finding(file, walk.position(), problem));
                }
                lastEpoch = Math.max(lastEpoch, walk.batch().leaderEpoch());
                nextOffset = Math.max(nextOffset, walk.batch().nextOffset());
                batches.add(new IndexCheck.Batch(
                        walk.position(), walk.batch().lastOffset(), walk.batch().maxTimestamp()));
            }
            walk.restProblem().ifPresent(findings::add);
        }
        new IndexCheck(files, base, batches, findings).verify();
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
}
