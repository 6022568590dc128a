package io.weirlog.server.produce;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.weirlog.server.NodeFacts;
import io.weirlog.server.OpenStreams;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.request.RequestWatch;
import io.weirlog.v1.AppendResult;
import io.weirlog.v1.Draining;
import io.weirlog.v1.Heartbeat;
import io.weirlog.v1.Problem;
import io.weirlog.v1.ProduceAppend;
import io.weirlog.v1.ProduceInitial;
import io.weirlog.v1.ProduceInitialized;
import io.weirlog.v1.ProduceRequest;
import io.weirlog.v1.ProduceResponse;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One Produce stream: takes appends in, within its bounds, and sends each result as soon as it is known.
///
/// Requests come one after the other from the call's executor; results come from the partitions' owners. Both meet in
/// this object's monitor, which is held only to count and to hand a message to the transport.
final class ProduceStream implements StreamObserver<Framed<ProduceRequest>>, OpenStreams.OpenStream {
    private static final int ALIAS_MAX = 1000;

    private final NodeFacts facts;
    private final OpenStreams openStreams;
    private final Appender appender;
    private final AppendRoutes routes;
    private final RequestWatch watch;
    private final ServerCallStreamObserver<ProduceResponse> responses;
    private final Map<Integer, String> aliases = new HashMap<>();
    private @Nullable ProduceInitial initial;
    private @Nullable AppendRoute route;
    /// Results that are still to come.
    private int resultsExpected;
    /// Answered appends for which the next request has not been asked for, because the client does not read its
    /// results.
    private int requestsOwed;
    private boolean halfClosed;
    private boolean draining;
    private boolean ended;
    private boolean sentSinceHeartbeat;

    ProduceStream(
            NodeFacts facts,
            OpenStreams openStreams,
            Appender appender,
            AppendRoutes routes,
            RequestWatch watch,
            ServerCallStreamObserver<ProduceResponse> responses) {
        this.facts = facts;
        this.openStreams = openStreams;
        this.appender = appender;
        this.routes = routes;
        this.watch = watch;
        this.responses = responses;
        responses.disableAutoRequest();
        responses.setOnReadyHandler(this::requestOwed);
        responses.setOnCancelHandler(this::end);
        openStreams.opened(this);
        responses.request(1);
    }

    @Override
    public void onNext(Framed<ProduceRequest> framed) {
        switch (framed.message().getRequestCase()) {
            case INITIAL -> onInitial(framed.message().getInitial());
            case APPEND -> onAppend(framed);
            case REQUEST_NOT_SET -> {
                framed.close();
                fail(ServerProblems.invalidRequest("a request is neither `initial` nor `append`"));
            }
        }
    }

    private void onInitial(ProduceInitial request) {
        if (initial != null) {
            fail(ServerProblems.initialExpected("`initial` came twice: it is the first message of a stream only"));
            return;
        }
        if (!request.getClusterId().isEmpty() && !request.getClusterId().equals(facts.clusterId())) {
            fail(ServerProblems.clusterMismatch(request.getClusterId(), facts.clusterId()));
            return;
        }
        if (!begin(request)) {
            return;
        }
        send(ProduceResponse.newBuilder()
                .setInitial(ProduceInitialized.newBuilder()
                        .setClusterId(facts.clusterId())
                        .setBrokerId(facts.nodeId().value())
                        .setMaxInFlightAppends(facts.limits().produceMaxInFlightAppends())
                        .setMaxInFlightBytes(facts.limits().requestMemoryBytesPerAddress())
                        .setMaxRequestBytes(facts.limits().maxRequestBytes()))
                .build());
        responses.request(facts.limits().produceMaxInFlightAppends());
    }

    private synchronized boolean begin(ProduceInitial request) {
        if (!ended) {
            initial = request;
            route = routes.ofStream(request.getClientId());
        }
        return !ended;
    }

    private void onAppend(Framed<ProduceRequest> framed) {
        var defaults = initial;
        var way = route;
        if (defaults == null || way == null) {
            framed.close();
            fail(ServerProblems.initialExpected("the first message of a Produce stream must be `initial`"));
            return;
        }
        if (!take()) {
            framed.close();
            return;
        }
        var append = framed.message().getAppend();
        var correlationId = append.getCorrelationId();
        var topic = topicOf(append);
        if (topic == null) {
            framed.close();
            refuse(append, aliasProblem(append));
            return;
        }
        var begunNanos = System.nanoTime();
        var order = AppendOrder.of(append, framed.payload(), topic, defaults);
        switch (appender.submit(order, way, result -> onResult(correlationId, begunNanos, result))) {
            case Appender.Submitted.Expect(var results) -> expect(results);
            case Appender.Submitted.Refused(var problem) -> refuse(append, problem);
        }
    }

    /// Counts one result as expected before the append goes anywhere. Once the stream has ended nothing is taken: who
    /// is told that the broker stops knows that it has appended nothing of what it has not answered.
    private synchronized boolean take() {
        if (!ended) {
            resultsExpected++;
        }
        return !ended;
    }

    /// The name that the append gives, or gave its alias before.
    private @Nullable String topicOf(ProduceAppend append) {
        var alias = append.getTopicAlias();
        if (alias == 0) {
            return append.getTopic();
        }
        if (append.getTopic().isEmpty()) {
            return aliases.get(alias);
        }
        if (alias < 0 || alias > ALIAS_MAX) {
            return null;
        }
        aliases.put(alias, append.getTopic());
        return append.getTopic();
    }

    private static Problem aliasProblem(ProduceAppend append) {
        var alias = Integer.toUnsignedString(append.getTopicAlias());
        return ServerProblems.invalidRequest(
                append.getTopic().isEmpty()
                        ? "topic alias " + alias + " has not been named on this stream: send `topic` with it once"
                        : "topic alias " + alias + " is not between 1 and " + ALIAS_MAX);
    }

    private void refuse(ProduceAppend append, Problem problem) {
        var result = AppendResult.newBuilder().setFailure(AppendAnswers.notAppended(problem));
        if (append.hasPartition()) {
            result.setPartition(append.getPartition());
        }
        onResult(append.getCorrelationId(), System.nanoTime(), result.build());
    }

    /// One of the results was counted already. Some may have come before they are counted here, so the count can be
    /// below zero for a moment.
    private synchronized void expect(int results) {
        resultsExpected += results - 1;
        // A request for several partitions is one request: only its last result makes room for the next.
        requestsOwed -= results - 1;
        completeIfDone();
    }

    private void onResult(long correlationId, long begunNanos, AppendResult result) {
        synchronized (this) {
            resultsExpected--;
            requestsOwed++;
            send(ProduceResponse.newBuilder()
                    .setResult(result.toBuilder().setCorrelationId(correlationId))
                    .build());
            completeIfDone();
        }
        watch.produced(
                result.hasFailure() ? result.getFailure().getProblem().getCode() : 0, System.nanoTime() - begunNanos);
        requestOwed();
    }

    /// Asks for as many requests as were answered, unless the client has stopped reading the answers. Not in the
    /// monitor:
    /// on the network's own thread the next request comes before the asking returns.
    private void requestOwed() {
        var owed = takeOwed();
        if (owed > 0) {
            responses.request(owed);
        }
    }

    private synchronized int takeOwed() {
        if (ended || requestsOwed <= 0 || !responses.isReady()) {
            return 0;
        }
        var owed = requestsOwed;
        requestsOwed = 0;
        return owed;
    }

    private synchronized void send(ProduceResponse response) {
        if (!ended) {
            sentSinceHeartbeat = true;
            responses.onNext(response);
        }
    }

    private synchronized void fail(Problem problem) {
        if (!ended) {
            end();
            responses.onError(Problems.toStatus(problem));
        }
    }

    private synchronized void completeIfDone() {
        if (ended || resultsExpected != 0) {
            return;
        }
        if (halfClosed) {
            end();
            responses.onCompleted();
        } else if (draining) {
            fail(ServerProblems.shuttingDown());
        }
    }

    private synchronized void end() {
        ended = true;
        openStreams.closed(this);
        if (route != null) {
            route.close();
        }
    }

    @Override
    public synchronized void heartbeat() {
        if (initial != null && !sentSinceHeartbeat) {
            send(ProduceResponse.newBuilder()
                    .setHeartbeat(Heartbeat.getDefaultInstance())
                    .build());
        }
        sentSinceHeartbeat = false;
    }

    @Override
    public synchronized void drain(Duration grace) {
        draining = true;
        send(ProduceResponse.newBuilder()
                .setDraining(Draining.newBuilder()
                        .setGrace(com.google.protobuf.Duration.newBuilder().setSeconds(grace.toSeconds())))
                .build());
        completeIfDone();
    }

    @Override
    public void onError(Throwable cancelled) {
        end();
    }

    @Override
    public synchronized void onCompleted() {
        halfClosed = true;
        completeIfDone();
    }
}
