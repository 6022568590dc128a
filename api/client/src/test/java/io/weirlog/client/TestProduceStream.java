package io.weirlog.client;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.weirlog.v1.AppendFailure;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.AppendResult;
import io.weirlog.v1.Draining;
import io.weirlog.v1.ProduceAppend;
import io.weirlog.v1.ProduceInitialized;
import io.weirlog.v1.ProduceRequest;
import io.weirlog.v1.ProduceResponse;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Problems;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One `Produce` stream at the test broker.
final class TestProduceStream implements StreamObserver<Framed<ProduceRequest>> {
    private static final Logger LOG = LoggerFactory.getLogger(TestProduceStream.class);

    private final InMemoryBroker broker;
    private final ServerCallStreamObserver<ProduceResponse> responses;
    private final Map<Integer, String> aliases = new HashMap<>();
    private boolean over;

    TestProduceStream(InMemoryBroker broker, ServerCallStreamObserver<ProduceResponse> responses) {
        this.broker = broker;
        this.responses = responses;
        responses.setOnCancelHandler(this::onEnd);
        synchronized (broker) {
            broker.opened(this);
        }
    }

    @Override
    public void onNext(Framed<ProduceRequest> framed) {
        synchronized (broker) {
            if (over || broker.isMute()) {
                framed.close();
                return;
            }
            if (framed.message().hasInitial()) {
                framed.close();
                responses.onNext(ProduceResponse.newBuilder()
                        .setInitial(ProduceInitialized.newBuilder()
                                .setClusterId(InMemoryBroker.CLUSTER_ID)
                                .setMaxInFlightAppends(broker.maxInFlightAppends()))
                        .build());
                return;
            }
            var append = framed.message().getAppend();
            var topic = append.getTopic();
            if (!topic.isEmpty()) {
                broker.appendNamed();
            }
            if (append.getTopicAlias() != 0) {
                topic = topic.isEmpty() ? aliases.getOrDefault(append.getTopicAlias(), "") : topic;
                aliases.put(append.getTopicAlias(), topic);
            }
            var named = append.toBuilder().setTopic(topic).build();
            react(
                    broker.nextReaction(),
                    named,
                    append.hasRecords() ? TestServices.encode(append.getRecords()) : TestServices.copy(framed));
        }
    }

    private void react(Reaction reaction, ProduceAppend append, ByteBuffer batch) {
        if (reaction instanceof Reaction.Accept) {
            accept(append, batch);
        } else if (reaction instanceof Reaction.Refuse refuse) {
            answer(append, failure(refuse));
        } else if (reaction instanceof Reaction.Swallow) {
            take(append, batch);
        } else if (reaction instanceof Reaction.AppendAndBreak) {
            take(append, batch);
            breakOff();
        } else if (reaction instanceof Reaction.Break) {
            breakOff();
        } else if (reaction instanceof Reaction.Hold hold) {
            broker.hold(() -> react(hold.then(), append, batch));
        }
    }

    /// Appends it, if it can be; nobody is told.
    private void take(ProduceAppend append, ByteBuffer batch) {
        try {
            TestServices.append(broker, append.getTopic(), append.getPartition(), batch);
        } catch (StatusRuntimeException e) {
            LOG.debug("not appended: {}", e.getMessage());
        }
    }

    private void accept(ProduceAppend append, ByteBuffer batch) {
        try {
            answer(append, TestServices.append(broker, append.getTopic(), append.getPartition(), batch));
        } catch (StatusRuntimeException e) {
            answer(
                    append,
                    failure(new Reaction.Refuse(Problems.fromThrowable(e), AppendOutcome.APPEND_OUTCOME_NOT_APPENDED)));
        }
    }

    private static AppendResult failure(Reaction.Refuse refuse) {
        return AppendResult.newBuilder()
                .setFailure(
                        AppendFailure.newBuilder().setProblem(refuse.problem()).setOutcome(refuse.outcome()))
                .build();
    }

    private void answer(ProduceAppend append, AppendResult result) {
        if (!over) {
            responses.onNext(ProduceResponse.newBuilder()
                    .setResult(result.toBuilder()
                            .setCorrelationId(append.getCorrelationId())
                            .setPartition(append.getPartition()))
                    .build());
        }
    }

    void drain() {
        responses.onNext(ProduceResponse.newBuilder()
                .setDraining(Draining.getDefaultInstance())
                .build());
    }

    void breakOff() {
        if (!over) {
            over = true;
            broker.closed(this);
            responses.onError(Status.UNAVAILABLE.withDescription("cut").asRuntimeException());
        }
    }

    private void onEnd() {
        synchronized (broker) {
            over = true;
            broker.closed(this);
        }
    }

    @Override
    public void onError(Throwable failure) {
        onEnd();
    }

    @Override
    public void onCompleted() {
        synchronized (broker) {
            if (!over) {
                onEnd();
                responses.onCompleted();
            }
        }
    }
}
