package io.weirlog.cli;

import io.weirlog.client.Producer;
import io.weirlog.client.SendCallback;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;

/// Sends the lines of an input until its end, or until a record fails: what came after a hole would be out of order.
/// Then closes the producer.
final class LineSender {
    static final int LINE_BYTES_MAX = 32 * 1024 * 1024;

    private final RecordLines records;
    private final Producer producer;
    private final SendTally tally;
    private final Progress progress;

    LineSender(RecordLines records, Producer producer, SendTally tally, Progress progress) {
        this.records = records;
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
            producer.send(records.record(line.get(), number), callbacks.of(number));
            progress.at(lines.bytes());
        }
        producer.close(); // Waits for what is on its way.
        return lines.bytes();
    }
}
