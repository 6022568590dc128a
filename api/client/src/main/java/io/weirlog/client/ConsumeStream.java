package io.weirlog.client;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.DataPlane;
import io.weirlog.wire.Framed;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// One `Consume` stream to one broker: what arrives waits in a queue until the consumer's thread takes it. The
/// credit bounds the bytes that wait. What bounds the number of messages is that gRPC is asked for more only as
/// they are taken; in a group, where word of a revocation must not wait behind records, it is the credit again:
/// each batch takes some.
final class ConsumeStream {
    private static final int INBOUND_AHEAD = 256;

    private static final int QUEUE_SIZE_FIRST = 16;

    private final Address address;
    private final ManagedChannel channel;
    private final Inbox inbox;
    private final BlockingQueue<Waiting> arrived =
            new PriorityBlockingQueue<>(QUEUE_SIZE_FIRST, Comparator.comparingLong(Waiting::order));
    private final AtomicLong arrivals = new AtomicLong();
    private final Responses responses = new Responses();
    private volatile long heardNanos = System.nanoTime();
    private volatile boolean closed;

    /// What came of the stream.
    sealed interface Event {}

    /// A message; whoever takes it closes it.
    record Arrived(Framed<ConsumeResponse> message) implements Event {}

    /// The stream is over; nothing follows.
    record Ended(Problem problem) implements Event {}

    /// How the consumer gets what arrives.
    ///
    /// @param onArrival told of each event, on any thread; must not block
    /// @param atOnce on a network thread: deals with a message that need not wait for the consumer, and says so
    /// @param atEnd on any thread: told, perhaps more than once, that the stream is over
    /// @param controlFirst whether what is no record overtakes records
    record Inbox(Runnable onArrival, Predicate<ConsumeResponse> atOnce, Runnable atEnd, boolean controlFirst) {
        static Inbox inOrder(Runnable onArrival) {
            return new Inbox(onArrival, message -> false, () -> {}, false);
        }

        /// Whether a message says something of the records before it, or is some itself.
        private boolean keepsItsPlace(ConsumeResponse message) {
            return !controlFirst
                    || message.hasBatch()
                    || message.hasEndOfPartition()
                    || message.hasProblem()
                    || message.hasPreferred();
        }
    }

    /// @param order the least goes first
    private record Waiting(long order, Event event) {}

    ConsumeStream(Address address, ManagedChannel channel, Inbox inbox) {
        this.address = address;
        this.channel = channel;
        this.inbox = inbox;
    }

    void open(DataPlane dataPlane, ConsumeInitial initial) {
        ClientCalls.asyncBidiStreamingCall(channel.newCall(dataPlane.consume(), CallOptions.DEFAULT), responses);
        send(ConsumeRequest.newBuilder().setInitial(initial));
    }

    Address address() {
        return address;
    }

    ManagedChannel channel() {
        return channel;
    }

    /// Any thread. What is sent after the stream has ended goes nowhere.
    synchronized void send(ConsumeRequest.Builder request) {
        if (!closed) {
            responses.requests().onNext(request.build());
        }
    }

    /// The next event, waiting at most so long for it.
    Optional<Event> take(long timeoutNanos) throws InterruptedException {
        var first = timeoutNanos <= 0 ? arrived.poll() : arrived.poll(timeoutNanos, TimeUnit.NANOSECONDS);
        if (first == null) {
            return Optional.empty();
        }
        if (first.event() instanceof Arrived && !inbox.controlFirst()) {
            responses.requests().request(1);
        }
        return Optional.of(first.event());
    }

    boolean hasArrived() {
        return !arrived.isEmpty();
    }

    /// When anything was last heard of the broker.
    long heardNanos() {
        return heardNanos;
    }

    /// Ends the stream; a [#take] that waits gets `Ended`.
    void close(String why) {
        synchronized (this) {
            closed = true;
            responses.requests().cancel(why, null);
        }
        dropArrived();
        ended(WeirlogException.explain(
                why, Status.CANCELLED.withDescription("closed by the client").asRuntimeException()));
    }

    /// Says that nothing more is wanted, and takes nothing more. Unlike with [#close], the broker finishes with
    /// what was sent before it ends the stream.
    void finish() {
        synchronized (this) {
            closed = true;
            responses.requests().onCompleted();
        }
        dropArrived();
    }

    private void dropArrived() {
        for (var first = arrived.poll(); first != null; first = arrived.poll()) {
            if (first.event() instanceof Arrived message) {
                message.message().close();
            }
        }
    }

    private void ended(Problem problem) {
        // In a group nothing that is read now could be committed: others read it again.
        add(new Ended(problem), !inbox.controlFirst());
        inbox.atEnd().run();
        inbox.onArrival().run();
    }

    private Waiting add(Event event, boolean keepsItsPlace) {
        var place = arrivals.getAndIncrement();
        var waiting = new Waiting(keepsItsPlace ? place : place + Long.MIN_VALUE, event);
        arrived.add(waiting);
        return waiting;
    }

    private final class Responses implements ClientResponseObserver<ConsumeRequest, Framed<ConsumeResponse>> {
        private @Nullable ClientCallStreamObserver<ConsumeRequest> requests;

        @Override
        public void beforeStart(ClientCallStreamObserver<ConsumeRequest> stream) {
            requests = stream;
            stream.disableAutoRequestWithInitial(INBOUND_AHEAD);
        }

        ClientCallStreamObserver<ConsumeRequest> requests() {
            if (requests == null) {
                throw new IllegalStateException("the stream is not open");
            }
            return requests;
        }

        @Override
        public void onNext(Framed<ConsumeResponse> message) {
            heardNanos = System.nanoTime();
            if (inbox.controlFirst()) {
                requests().request(1);
            }
            if (inbox.atOnce().test(message.message())) {
                message.close();
            } else {
                var waiting = add(new Arrived(message), inbox.keepsItsPlace(message.message()));
                // close() may have dropped what had arrived just before.
                if (closed && arrived.remove(waiting)) {
                    message.close();
                }
            }
            inbox.onArrival().run();
        }

        @Override
        public void onError(Throwable failure) {
            var problem = WeirlogException.explain("the connection to " + address + " broke", failure);
            // A broker that stops cancels what does not end by itself: that is a loss like any other.
            if (!closed
                    && problem.getReason() == ErrorReason.ERROR_REASON_UNSPECIFIED
                    && problem.getCode() == Status.Code.CANCELLED.value()) {
                problem = problem.toBuilder()
                        .setCode(Status.Code.UNAVAILABLE.value())
                        .build();
            }
            ended(problem);
        }

        @Override
        public void onCompleted() {
            ended(WeirlogException.explain(
                    address + " ended the stream",
                    Status.UNAVAILABLE.withDescription("it gave no reason").asRuntimeException()));
        }
    }
}
