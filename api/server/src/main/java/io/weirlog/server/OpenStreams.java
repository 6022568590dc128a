package io.weirlog.server;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// The long-lived streams that are open: each is told to send a heartbeat from time to time, and all are told when the
/// node is about to stop.
public final class OpenStreams implements AutoCloseable {
    /// A stream that has said nothing for so long says that it lives.
    public static final Duration HEARTBEAT_INTERVAL = Duration.ofSeconds(5);

    private final Set<OpenStream> streams = ConcurrentHashMap.newKeySet();
    private volatile Optional<Duration> draining = Optional.empty();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("weirlog-heartbeat").factory());

    /// One open stream. Its methods must not block.
    public interface OpenStream {
        /// Sends a heartbeat if nothing has been sent since the call before.
        void heartbeat();

        /// Tells the client that the node stops within `grace`; perhaps more than once.
        void drain(Duration grace);
    }

    public OpenStreams() {
        var millis = HEARTBEAT_INTERVAL.toMillis();
        var _ = timer.scheduleAtFixedRate(
                () -> streams.forEach(OpenStream::heartbeat), millis, millis, TimeUnit.MILLISECONDS);
    }

    public void opened(OpenStream stream) {
        streams.add(stream);
        // A client that knows no other address comes back over the connection that it has.
        draining.ifPresent(stream::drain);
    }

    public void closed(OpenStream stream) {
        streams.remove(stream);
    }

    /// Does something later, unless this is closed before or the future is cancelled.
    public Future<?> later(Runnable task, long delayMillis) {
        return timer.schedule(task, delayMillis, TimeUnit.MILLISECONDS);
    }

    void drain(Duration grace) {
        draining = Optional.of(grace);
        streams.forEach(stream -> stream.drain(grace));
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
