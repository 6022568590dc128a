package io.weirlog.cli;

import io.weirlog.client.Producer;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.SendCallback;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/// Sends the lines of an input until its end, or until a record fails: what came after a hole would be out of order.
/// Then closes the producer.
final class LineSender {
    static final int LINE_BYTES_MAX = 32 * 1024 * 1024;

    private final String topic;
    private final Optional<Integer> partition;
    private final Optional<byte[]> keySeparator;
    private final Producer producer;
    private final SendTally tally;
    private final Progress progress;

    /// @param keySeparator `\t` in it means a tab
    LineSender(
            String topic,
            Optional<Integer> partition,
            Optional<String> keySeparator,
            Producer producer,
            SendTally tally,
            Progress progress) {
        this.topic = topic;
        this.partition = partition;
        this.keySeparator = keySeparator.map(text -> text.replace("\\t", "\t").getBytes(StandardCharsets.UTF_8));
        this.producer = producer;
        this.tally = tally;
        this.progress = progress;
    }

    /// Which callback the record of a line gets.
    @FunctionalInterface
    private interface Callbacks {
        SendCallback of(long line) throws InterruptedException;
    }

    /// Returns how many bytes were read.
    long send(InputStream input) throws IOException, InterruptedException, CommandFailed {
        return send(input, line -> tally);
    }

    /// The same, and every acknowledgement is printed.
    long sendPrinting(InputStream input, PrintStream out, OutputOption output)
            throws IOException, InterruptedException, CommandFailed {
        var printer = new AckPrinter(out, output);
        try {
            return send(input, line -> printer.callback(line, tally));
        } finally {
            printer.finish();
        }
    }

    private long send(InputStream input, Callbacks callbacks) throws IOException, InterruptedException, CommandFailed {
        var lines = new LineReader(input, LINE_BYTES_MAX);
        long number = 0;
        for (var line = lines.next(); line.isPresent() && tally.failed() == 0; line = lines.next()) {
            number++;
            producer.send(record(line.get(), number), callbacks.of(number));
            progress.at(lines.bytes());
        }
        producer.close(); // Waits for what is on its way.
        return lines.bytes();
    }

    private ProducerRecord record(byte[] line, long number) throws CommandFailed {
        var record =
                keySeparator.isPresent() ? split(line, keySeparator.get(), number) : ProducerRecord.of(topic, line);
        return partition.isPresent() ? record.toPartition(partition.get()) : record;
    }

    private ProducerRecord split(byte[] line, byte[] separator, long number) throws CommandFailed {
        for (int at = 0; at + separator.length <= line.length; at++) {
            if (Arrays.equals(line, at, at + separator.length, separator, 0, separator.length)) {
                var value = Arrays.copyOfRange(line, at + separator.length, line.length);
                return ProducerRecord.of(topic, Arrays.copyOf(line, at), value);
            }
        }
        throw new CommandFailed("line " + number + " has no key separator; " + Quantities.count(number - 1, "line")
                + " before it were sent");
    }
}
