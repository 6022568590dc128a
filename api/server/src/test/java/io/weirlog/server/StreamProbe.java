package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.grpc.stub.StreamObserver;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// Collects what a stream sends, to be asked for with a deadline.
final class StreamProbe<T> implements StreamObserver<T> {
    private static final long DEADLINE_SECONDS = 20;

    private final LinkedBlockingQueue<Event<T>> events = new LinkedBlockingQueue<>();

    private sealed interface Event<T> {
        record Message<T>(T message) implements Event<T> {}

        record Failed<T>(Throwable failure) implements Event<T> {}

        record Completed<T>() implements Event<T> {}
    }

    @Override
    public void onNext(T message) {
        events.add(new Event.Message<>(message));
    }

    @Override
    public void onError(Throwable failure) {
        events.add(new Event.Failed<>(failure));
    }

    @Override
    public void onCompleted() {
        events.add(new Event.Completed<>());
    }

    T next() throws InterruptedException {
        var event = poll();
        return switch (event) {
            case Event.Message<T>(var message) -> message;
            case Event.Failed<T>(var failure) -> fail("the stream failed", failure);
            case Event.Completed<T>() -> fail("the stream completed");
        };
    }

    /// The next message for which the condition holds; others are skipped.
    T next(Predicate<T> condition) throws InterruptedException {
        for (var message = next(); ; message = next()) {
            if (condition.test(message)) {
                return message;
            }
        }
    }

    Problem failure() throws InterruptedException {
        for (var event = poll(); ; event = poll()) {
            if (event instanceof Event.Failed<T>(var failure)) {
                return Problems.fromThrowable(failure);
            }
            assertTrue(event instanceof Event.Message<T>, "the stream completed instead of failing");
        }
    }

    void completion() throws InterruptedException {
        for (var event = poll(); !(event instanceof Event.Completed<T>); event = poll()) {
            assertTrue(event instanceof Event.Message<T>, "the stream failed instead of completing");
        }
    }

    boolean isSilentFor(long millis) throws InterruptedException {
        return events.poll(millis, TimeUnit.MILLISECONDS) == null;
    }

    private Event<T> poll() throws InterruptedException {
        var event = events.poll(DEADLINE_SECONDS, TimeUnit.SECONDS);
        return event == null ? fail("nothing came for " + DEADLINE_SECONDS + " s") : event;
    }
}
