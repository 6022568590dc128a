package io.weirlog.client;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Calls that may be repeated: asked of one broker after the other until one answers or it is clear that none will.
final class UnaryCalls {
    private final Connections connections;

    UnaryCalls(Connections connections) {
        this.connections = connections;
    }

    Connections connections() {
        return connections;
    }

    /// @throws WeirlogException if a broker refuses for good, no broker can be reached, or time is up
    <Q, R> R call(MethodDescriptor<Q, R> method, Q request, Duration timeout) {
        var deadlineNanos = System.nanoTime() + timeout.toNanos();
        var unreached = 0;
        for (var attempts = 1; ; attempts++) {
            var address = connections.any();
            var channel = connections.channel(address);
            try {
                var answer = ClientCalls.blockingUnaryCall(
                        channel, method, options(deadlineNanos - System.nanoTime()), request);
                connections.reached(address);
                return answer;
            } catch (StatusRuntimeException e) {
                var failure = failure(method, address, timeout, e);
                if (RetryPolicy.isConnectionLoss(failure.problem())) {
                    connections.unreachable(address, channel);
                    if (++unreached >= connections.brokerCount()) {
                        throw failure;
                    }
                } else {
                    if (isSilence(failure.problem())) {
                        connections.lookElsewhere(address);
                    }
                    pauseOrThrow(failure, attempts, deadlineNanos);
                }
            }
        }
    }

    /// A call that is answered with a stream, all of which is handed over in order. Another broker is asked only as
    /// long as nothing has come.
    ///
    /// @throws WeirlogException if no broker can be reached, the answer breaks off, or time is up
    <Q, R> void stream(MethodDescriptor<Q, R> method, Q request, Duration timeout, Consumer<R> parts) {
        var deadlineNanos = System.nanoTime() + timeout.toNanos();
        for (var unreached = 1; ; unreached++) {
            var address = connections.any();
            var channel = connections.channel(address);
            var begun = false;
            try {
                var answers = ClientCalls.blockingServerStreamingCall(
                        channel, method, options(deadlineNanos - System.nanoTime()), request);
                while (answers.hasNext()) {
                    begun = true;
                    parts.accept(answers.next());
                }
                connections.reached(address);
                return;
            } catch (StatusRuntimeException e) {
                var failure = failure(method, address, timeout, e);
                if (begun || !RetryPolicy.isConnectionLoss(failure.problem())) {
                    throw failure;
                }
                connections.unreachable(address, channel);
                if (unreached >= connections.brokerCount()) {
                    throw failure;
                }
            }
        }
    }

    /// Asks this one broker, once.
    ///
    /// @throws WeirlogException if it does not answer
    <Q, R> R callAt(Address address, MethodDescriptor<Q, R> method, Q request, Duration timeout) {
        var channel = connections.channel(address);
        try {
            return ClientCalls.blockingUnaryCall(channel, method, options(timeout.toNanos()), request);
        } catch (StatusRuntimeException e) {
            var failure = failure(method, address, timeout, e);
            if (RetryPolicy.isConnectionLoss(failure.problem())) {
                connections.unreachable(address, channel);
            }
            throw failure;
        }
    }

    /// The one or the other.
    <Q, R> R callAtOrAny(Optional<Address> address, MethodDescriptor<Q, R> method, Q request, Duration timeout) {
        return address.isPresent() ? callAt(address.get(), method, request, timeout) : call(method, request, timeout);
    }

    private void pauseOrThrow(WeirlogException failure, int attempts, long deadlineNanos) {
        var decision = RetryPolicy.DEFAULT.repeatable(
                failure.problem(),
                attempts,
                TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime()),
                ThreadLocalRandom.current().nextDouble());
        if (!(decision instanceof RetryPolicy.Retry retry) || isAnswer(failure.problem())) {
            throw failure;
        }
        try {
            connections.pause(retry.delayMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw WeirlogException.of(
                    "interrupted while waiting to try again",
                    Status.CANCELLED.withCause(e).asRuntimeException());
        }
    }

    /// Whether the broker gave no answer: it may hang.
    private static boolean isSilence(Problem problem) {
        return problem.getCode() == Status.Code.DEADLINE_EXCEEDED.value();
    }

    /// Whether this is a broker's answer rather than a passing trouble: it does not know the topic.
    static boolean isAnswer(Problem problem) {
        return problem.getReason() == ErrorReason.ERROR_REASON_UNKNOWN_TOPIC
                || problem.getReason() == ErrorReason.ERROR_REASON_UNKNOWN_PARTITION;
    }

    private static WeirlogException failure(
            MethodDescriptor<?, ?> method, Address address, Duration timeout, StatusRuntimeException e) {
        return switch (e.getStatus().getCode()) {
            case DEADLINE_EXCEEDED ->
                WeirlogException.of(
                        method.getBareMethodName() + ": " + address + " gave no answer within " + timeout.toMillis()
                                + " ms",
                        e);
            case UNAVAILABLE ->
                WeirlogException.of(
                        WeirlogException.tlsFailure(e).isPresent()
                                ? address.toString()
                                : "cannot reach " + address + ": is a broker running there?",
                        e);
            default -> WeirlogException.of(method.getBareMethodName() + " at " + address, e);
        };
    }

    /// Asks one broker once; `done` is called on a network thread, with the answer or the problem.
    <Q, R> void ask(MethodDescriptor<Q, R> method, Q request, Duration timeout, Done<R> done) {
        var address = connections.any();
        var channel = connections.channel(address);
        var call = channel.newCall(method, options(timeout.toNanos()));
        ClientCalls.asyncUnaryCall(call, request, new Answer<>(connections, address, channel, done));
    }

    private static CallOptions options(long timeoutNanos) {
        return CallOptions.DEFAULT.withDeadlineAfter(Math.max(timeoutNanos, 1), TimeUnit.NANOSECONDS);
    }

    /// What to do with the end of an asynchronous call; exactly one of the two is called, once.
    interface Done<R> {
        void answered(R answer);

        void failed(Problem problem);
    }

    private static final class Answer<R> implements StreamObserver<R> {
        private final Connections connections;
        private final Address address;
        private final ManagedChannel channel;
        private final Done<R> done;
        private @Nullable R answer;

        Answer(Connections connections, Address address, ManagedChannel channel, Done<R> done) {
            this.connections = connections;
            this.address = address;
            this.channel = channel;
            this.done = done;
        }

        @Override
        public void onNext(R message) {
            answer = message;
        }

        @Override
        public void onError(Throwable failure) {
            var problem = WeirlogException.explain("cannot reach " + address, failure);
            if (RetryPolicy.isConnectionLoss(problem)) {
                connections.unreachable(address, channel);
            } else if (isSilence(problem)) {
                connections.lookElsewhere(address);
            }
            done.failed(problem);
        }

        @Override
        public void onCompleted() {
            connections.reached(address);
            if (answer != null) {
                done.answered(answer);
            }
        }
    }
}
