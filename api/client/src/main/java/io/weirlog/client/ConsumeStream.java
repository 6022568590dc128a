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
import io.weirlog.v1.Problem;
import io.weirlog.wire.DataPlane;
import io.weirlog.wire.Framed;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One `Consume` stream to one broker: what arrives waits in a queue until the consumer's thread takes it. The credit
/// bounds the bytes that wait, and gRPC is asked for more messages only as they are taken, which bounds their number.
final class ConsumeStream {
    private static final int INBOUND_AHEAD = 256;

    private final Address address;
    private final ManagedChannel channel;
    /// Told of each event, on any thread; must not block.
    private final Runnable onArrival;
    private final BlockingQueue<Event> arrived = new LinkedBlockingQueue<>();
    private final Responses responses = new Responses();
    private volatile long heardNanos = System.nanoTime();
    private volatile boolean closed;

    /// What came of the stream.
    sealed interface Event {}

    /// A message; whoever takes it closes it.
    record Arrived(Framed<ConsumeResponse> message) implements Event {}

    /// The stream is over; nothing follows.
    record Ended(Problem problem) implements Event {}

    ConsumeStream(Address address, ManagedChannel channel, Runnable onArrival) {
        this.address = address;
        this.channel = channel;
        this.onArrival = onArrival;
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

    void send(ConsumeRequest.Builder request) {
        responses.requests().onNext(request.build());
    }

    /// The next event, waiting at most so long for it.
    Optional<Event> take(long timeoutNanos) throws InterruptedException {
        var event = timeoutNanos <= 0 ? arrived.poll() : arrived.poll(timeoutNanos, TimeUnit.NANOSECONDS);
        if (event instanceof Arrived) {
            responses.requests().request(1);
        }
        return Optional.ofNullable(event);
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
        closed = true;
        responses.requests().cancel(why, null);
        dropArrived();
        arrived.add(new Ended(WeirlogException.explain(
                why, Status.CANCELLED.withDescription("closed by the client").asRuntimeException())));
    }

    private void dropArrived() {
        for (var event = arrived.poll(); event != null; event = arrived.poll()) {
            if (event instanceof Arrived message) {
                message.message().close();
            }
        }
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
            var event = new Arrived(message);
            arrived.add(event);
            // close() may have dropped what had arrived just before.
            if (closed && arrived.remove(event)) {
                message.close();
            }
            onArrival.run();
        }

        @Override
        public void onError(Throwable failure) {
            arrived.add(new Ended(WeirlogException.explain("the connection to " + address + " broke", failure)));
            onArrival.run();
        }

        @Override
        public void onCompleted() {
            arrived.add(new Ended(WeirlogException.explain(
                    address + " ended the stream",
                    Status.UNAVAILABLE.withDescription("it gave no reason").asRuntimeException())));
            onArrival.run();
        }
    }
}
