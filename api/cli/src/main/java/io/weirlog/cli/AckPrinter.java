package io.weirlog.cli;

import com.google.gson.JsonObject;
import io.weirlog.client.Acknowledgement;
import io.weirlog.client.SendCallback;
import io.weirlog.client.WeirlogException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;

/// Prints each acknowledgement as it comes, flushed: what stands there had been promised, whatever happens next.
///
/// The lines are `LINE PARTITION OFFSET`, with tabs between, or JSON. They are written by a thread of their own, since
/// a slow reader of the output must not hold up the producer's; it holds up the sending instead.
final class AckPrinter {
    private static final int UNPRINTED_MAX = 10_000;
    private static final Duration FINISH_MAX = Duration.ofSeconds(10);

    private final PrintStream out;
    private final OutputOption output;
    private final Semaphore room = new Semaphore(UNPRINTED_MAX);
    private final BlockingQueue<Optional<Printed>> queue = new LinkedBlockingQueue<>(); // Bounded by `room`.
    private final Thread writer =
            Thread.ofPlatform().name("weirlog-acks").daemon().unstarted(this::write);

    private record Printed(long line, int partition, OptionalLong offset) {}

    AckPrinter(PrintStream out, OutputOption output) {
        this.out = out;
        this.output = output;
        writer.start();
    }

    /// A callback for the record of an input line, counted from 1. Blocks while too much is unprinted.
    SendCallback callback(long line, SendCallback next) throws InterruptedException {
        room.acquire();
        return new SendCallback() {
            @Override
            public void onAcknowledged(Acknowledgement ack) {
                queue.add(Optional.of(new Printed(line, ack.partition(), ack.offset())));
                next.onAcknowledged(ack);
            }

            @Override
            public void onFailed(WeirlogException failure) {
                room.release();
                next.onFailed(failure);
            }
        };
    }

    private void write() {
        try {
            for (var next = queue.take(); next.isPresent(); next = queue.take()) {
                print(next.get());
                room.release();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void print(Printed ack) {
        output.print(
                out,
                () -> ack.line() + "\t" + ack.partition() + "\t"
                        + (ack.offset().isPresent() ? ack.offset().getAsLong() : "-"),
                () -> {
                    var json = new JsonObject();
                    json.addProperty("line", ack.line());
                    json.addProperty("partition", ack.partition());
                    ack.offset().ifPresent(offset -> json.addProperty("offset", offset));
                    return json;
                });
        out.flush();
    }

    /// Waits until all is printed, but not for ever.
    void finish() throws InterruptedException {
        queue.add(Optional.empty());
        writer.join(FINISH_MAX);
    }
}
