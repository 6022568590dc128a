package io.weirlog.cli;

import io.weirlog.client.ConsumerRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/// Compares the records that come back with the lines that were written.
///
/// A record's key is the number of its line, from 1. So nothing is guessed: a line that never comes is lost, one that
/// comes twice is doubled, one that comes after a later one of its partition is out of order, and the value must be,
/// byte by byte, that line as the file has it now. One bit is kept for each line.
final class ReadBackCheck implements AutoCloseable {
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

    void accept(ConsumerRecord record) throws IOException {
        read++;
        var partition = partitions.get(record.partition());
        long line = record.keyText()
                        .filter(key -> key.matches("[1-9]\\d{0,17}"))
                        .map(Long::parseLong)
                        .orElse(0L)
                - 1;
        if (line < 0 || line >= input.lines() || partitionOf(line, partitions.size()) != record.partition()) {
            different++; // No such record was written here.
            return;
        }
        if (record.offset() < partition.offsetsTo || (line < partition.linesTo && !seen.get((int) line))) {
            disordered++;
        }
        if (seen.get((int) line)) {
            doubled++;
        }
        var expected = partition.expected.line(line);
        if (expected.isEmpty() || !Arrays.equals(expected.get(), record.value())) {
            different++;
        }
        seen.set((int) line);
        partition.linesTo = Math.max(partition.linesTo, line + 1);
        partition.offsetsTo = Math.max(partition.offsetsTo, record.offset() + 1);
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
