package io.weirlog.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Compares the records that come back with the lines that were written.
///
/// A record's key is the number of its line, from 1. So nothing is guessed: a line that never comes is lost, one that
/// comes twice is doubled, one that comes after a later one of its partition is out of order, and the value must be,
/// byte by byte, that line as the file has it now. One bit is kept for each line.
final class ReadBackCheck implements AutoCloseable {
    private static final Pattern KEY = Pattern.compile("[1-9]\\d{0,17}");

    private final QuickstartInput input;
    private final BitSet seen = new BitSet();
    private final List<PartitionCheck> partitions = new ArrayList<>();
    private long read;
    private long doubled;
    private long disordered;
    private long different;

    private static final class PartitionCheck implements AutoCloseable {
        private final QuickstartInput.Cursor expected;
        private long linesTo;
        private long offsetsTo;

        PartitionCheck(QuickstartInput.Cursor expected, long firstOffset) {
            this.expected = expected;
            this.offsetsTo = firstOffset;
        }

        @Override
        public void close() throws IOException {
            expected.close();
        }
    }

    /// @param firstOffsets by partition, where the lines begin
    ReadBackCheck(QuickstartInput input, List<Long> firstOffsets) throws IOException {
        this.input = input;
        for (long firstOffset : firstOffsets) {
            partitions.add(new PartitionCheck(input.cursor(), firstOffset));
        }
    }

    /// The partition that a line is written to.
    static int partitionOf(long line, int partitions) {
        return (int) (line / QuickstartInput.LINES_PER_BLOCK % partitions);
    }

    /// The key that tells which line a record is.
    static byte[] keyOf(long line) {
        return Long.toString(line + 1).getBytes(StandardCharsets.US_ASCII);
    }

    /// Takes a record that was read, in the order of reading.
    void accept(int partitionNumber, long offset, Optional<String> key, byte @Nullable [] value) throws IOException {
        read++;
        var partition = partitions.get(partitionNumber);
        int line = lineOf(key);
        if (line < 0 || line >= input.lines() || partitionOf(line, partitions.size()) != partitionNumber) {
            different++; // No such record was written here.
            return;
        }
        if (offset < partition.offsetsTo || (line < partition.linesTo && !seen.get(line))) {
            disordered++;
        }
        if (seen.get(line)) {
            doubled++;
        }
        var expected = partition.expected.line(line);
        if (expected.isEmpty() || !Arrays.equals(expected.get(), value)) {
            different++;
        }
        seen.set(line);
        partition.linesTo = Math.max(partition.linesTo, line + 1);
        partition.offsetsTo = Math.max(partition.offsetsTo, offset + 1);
    }

    /// Negative for what [#keyOf] did not make.
    private static int lineOf(Optional<String> key) {
        return key.filter(text -> KEY.matcher(text).matches())
                .map(text -> (int) Math.min(Long.parseLong(text), Integer.MAX_VALUE) - 1)
                .orElse(-1);
    }

    long read() {
        return read;
    }

    /// Lines that have not come back so far.
    long lost() {
        return input.lines() - seen.cardinality();
    }

    long doubled() {
        return doubled;
    }

    /// Records that came after a later one of their partition.
    long disordered() {
        return disordered;
    }

    /// Records with other bytes than were written.
    long different() {
        return different;
    }

    boolean isClean() {
        return lost() == 0 && doubled == 0 && disordered == 0 && different == 0;
    }

    @Override
    public void close() throws IOException {
        for (var partition : partitions) {
            partition.close();
        }
    }
}
