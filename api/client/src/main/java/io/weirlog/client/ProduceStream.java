package io.weirlog.client;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import io.weirlog.v1.AppendResult;
import io.weirlog.v1.Problem;
import io.weirlog.v1.ProduceAppend;
import io.weirlog.v1.ProduceInitial;
import io.weirlog.v1.ProduceInitialized;
import io.weirlog.v1.ProduceRequest;
import io.weirlog.v1.ProduceResponse;
import io.weirlog.wire.DataPlane;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Payload;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One `Produce` stream to one broker. All but its callbacks belongs to the sender's thread.
///
/// ```
/// OPENING ── initial answered ──▶ OPEN ── the broker drains ──▶ DRAINING ── all answered ──▶ ENDED
///    └───────────── broken, refused or cancelled, from any state ──────────────────────────────▲
/// ```
///
/// Appends are sent only when OPEN: so if the stream breaks before, surely nothing was appended.
final class ProduceStream {
    private static final int INBOUND_AHEAD = 256;
    /// Used where the broker states no limit.
    private static final int IN_FLIGHT_APPENDS_DEFAULT = 256;
    private static final long IN_FLIGHT_BYTES_DEFAULT = 16 * 1024 * 1024;
    private static final int ALIASES_MAX = 1_000;

    enum Phase {
        OPENING,
        OPEN,
        DRAINING,
        ENDED
    }

    /// What the stream tells the sender, on the sender's thread.
    interface Listener {
        void opened(ProduceStream stream, ProduceInitialized initialized);

        void answered(ProduceStream stream, AppendResult result);

        void draining(ProduceStream stream);

        /// The stream is over; what is in flight on it will not be answered.
        void ended(ProduceStream stream, Problem problem);
    }

    private final Address address;
    private final ManagedChannel channel;
    private final Listener listener;
    private final Consumer<Runnable> mailbox;
    private final long openedAtNanos = System.nanoTime();
    private long heardNanos = openedAtNanos;
    private final Map<Long, ProducerBatch> inFlight = new LinkedHashMap<>();
    private final Map<String, Alias> aliases = new HashMap<>();
    private final Responses responses = new Responses();
    private Phase phase = Phase.OPENING;
    private long inFlightBytes;
    private int inFlightAppendsMax = IN_FLIGHT_APPENDS_DEFAULT;
    private long inFlightBytesMax = IN_FLIGHT_BYTES_DEFAULT;
    private long correlationId;

    /// @param mailbox runs what it is given on the sender's thread, in order
    ProduceStream(Address address, ManagedChannel channel, Listener listener, Consumer<Runnable> mailbox) {
        this.address = address;
        this.channel = channel;
        this.listener = listener;
        this.mailbox = mailbox;
    }

    void open(DataPlane dataPlane, ProduceInitial initial) {
        ClientCalls.asyncBidiStreamingCall(channel.newCall(dataPlane.produce(), CallOptions.DEFAULT), responses);
        responses
                .requests()
                .onNext(Framed.of(
                        ProduceRequest.newBuilder().setInitial(initial).build()));
    }

    Address address() {
        return address;
    }

    ManagedChannel channel() {
        return channel;
    }

    Phase phase() {
        return phase;
    }

    long openedAtNanos() {
        return openedAtNanos;
    }

    /// Whether another append may be sent. The last one may go beyond the broker's limit of bytes: then it reads later.
    boolean takesMore() {
        return phase == Phase.OPEN && inFlight.size() < inFlightAppendsMax && inFlightBytes < inFlightBytesMax;
    }

    /// Sends a batch; `append` lacks only what this stream adds: the correlation id, the topic and the bytes.
    void send(ProducerBatch batch, ProduceAppend.Builder append) {
        var id = ++correlationId;
        append.setCorrelationId(id);
        name(batch.partition().topic(), append);
        inFlight.put(id, batch);
        inFlightBytes += batch.encoded().remaining();
        var request = ProduceRequest.newBuilder().setAppend(append).build();
        responses
                .requests()
                .onNext(Framed.of(request, Payload.of(batch.encoded().duplicate())));
    }

    /// An alias counts only once an append that introduced it has succeeded: a refused one may not have registered it.
    private void name(String topic, ProduceAppend.Builder append) {
        var alias = aliases.get(topic);
        if (alias == null && aliases.size() < ALIASES_MAX) {
            alias = new Alias(aliases.size() + 1);
            aliases.put(topic, alias);
        }
        if (alias == null || !alias.confirmed) {
            append.setTopic(topic);
        }
        if (alias != null) {
            append.setTopicAlias(alias.number);
        }
    }

    /// The batch that the result is about, which is no longer in flight; empty if the broker answers what was
    /// not asked.
    Optional<ProducerBatch> take(AppendResult result) {
        var batch = inFlight.remove(result.getCorrelationId());
        if (batch == null) {
            return Optional.empty();
        }
        inFlightBytes -= batch.encoded().remaining();
        var alias = aliases.get(batch.partition().topic());
        if (alias != null && result.hasAppended()) {
            alias.confirmed = true;
        }
        return Optional.of(batch);
    }

    /// When the broker last said anything: one that works, however slowly, goes on answering.
    long heardNanos() {
        return heardNanos;
    }

    /// Waits for this batch's answer no longer; one that comes all the same is ignored.
    void giveUp(ProducerBatch batch) {
        if (inFlight.values().remove(batch)) {
            inFlightBytes -= batch.encoded().remaining();
        }
    }

    /// Everything in flight, in the order sent, which is in flight no longer.
    List<ProducerBatch> takeAll() {
        var all = new ArrayList<>(inFlight.values());
        inFlight.clear();
        inFlightBytes = 0;
        return all;
    }

    boolean hasInFlight() {
        return !inFlight.isEmpty();
    }

    boolean isOverdue(long nowNanos) {
        return inFlight.values().stream().anyMatch(batch -> nowNanos - batch.answerDueNanos() > 0);
    }

    void onOpened(ProduceInitialized initialized) {
        phase = Phase.OPEN;
        if (initialized.getMaxInFlightAppends() > 0) {
            inFlightAppendsMax = initialized.getMaxInFlightAppends();
        }
        if (initialized.getMaxInFlightBytes() > 0) {
            inFlightBytesMax = initialized.getMaxInFlightBytes();
        }
    }

    void onDraining() {
        phase = Phase.DRAINING;
    }

    /// Ends the stream in peace, with nothing in flight.
    void finish() {
        phase = Phase.ENDED;
        responses.requests().onCompleted();
    }

    /// Ends the stream at once. The listener hears nothing more of it.
    void cancel(String why) {
        phase = Phase.ENDED;
        responses.requests().cancel(why, null);
    }

    void onEnded() {
        phase = Phase.ENDED;
    }

    private static final class Alias {
        private final int number;
        private boolean confirmed;

        Alias(int number) {
            this.number = number;
        }
    }

    /// Hands what arrives on the network's thread over to the sender's, and asks for more as that handles it: so what
    /// lies between is bounded.
    private final class Responses implements ClientResponseObserver<Framed<ProduceRequest>, ProduceResponse> {
        private @Nullable ClientCallStreamObserver<Framed<ProduceRequest>> requests;

        @Override
        public void beforeStart(ClientCallStreamObserver<Framed<ProduceRequest>> stream) {
            requests = stream;
            stream.disableAutoRequestWithInitial(INBOUND_AHEAD);
        }

        ClientCallStreamObserver<Framed<ProduceRequest>> requests() {
            if (requests == null) {
                throw new IllegalStateException("the stream is not open");
            }
            return requests;
        }

        @Override
        public void onNext(ProduceResponse response) {
            mailbox.accept(() -> {
                if (phase != Phase.ENDED) {
                    heardNanos = System.nanoTime();
                    handle(response);
                    requests().request(1);
                }
            });
        }

        private void handle(ProduceResponse response) {
            switch (response.getResponseCase()) {
                case INITIAL -> listener.opened(ProduceStream.this, response.getInitial());
                case RESULT -> listener.answered(ProduceStream.this, response.getResult());
                case DRAINING -> listener.draining(ProduceStream.this);
                // A later broker may say what this client does not know.
                case HEARTBEAT, RESPONSE_NOT_SET -> {}
            }
        }

        @Override
        public void onError(Throwable failure) {
            end(WeirlogException.explain("the connection to " + address + " broke", failure));
        }

        @Override
        public void onCompleted() {
            end(WeirlogException.explain(
                    address + " ended the stream",
                    Status.UNAVAILABLE.withDescription("it gave no reason").asRuntimeException()));
        }

        private void end(Problem problem) {
            mailbox.accept(() -> {
                if (phase != Phase.ENDED) {
                    listener.ended(ProduceStream.this, problem);
                }
            });
        }
    }
}
