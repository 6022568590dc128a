package io.weirlog.server.internal;

import io.grpc.stub.StreamObserver;
import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.internal.v1.BrokerStanding;
import io.weirlog.internal.v1.HeartbeatResponse;
import io.weirlog.internal.v1.LifeOver;
import io.weirlog.internal.v1.NotActive;
import io.weirlog.metadata.MetadataFeed;
import io.weirlog.metadata.QuorumRole;
import io.weirlog.metadata.Submission;
import io.weirlog.metadata.Submitter;
import io.weirlog.metadata.codec.CommandCodec;
import io.weirlog.metadata.codec.MalformedRecordException;
import io.weirlog.metadata.controller.BrokerLiveness;
import io.weirlog.metadata.controller.BrokerLiveness.Effect;
import io.weirlog.metadata.controller.BrokerLiveness.Event;
import io.weirlog.metadata.controller.LeaderBalancer;
import io.weirlog.metadata.core.ElectionKind;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.RejectReason;
import io.weirlog.metadata.core.RequestId;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// This node as a controller: runs what [BrokerLiveness] decides while the node is the active one. Everything happens
/// on one thread.
public final class Controller implements Submitter, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Controller.class);
    private static final long TICK_MILLIS = 50;

    private final Supplier<QuorumRole> role;
    private final Submitter quorum;
    private final MetadataFeed feed;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("weirlog-controller").factory());

    private final BrokerLiveness liveness;
    private final LeaderBalancer balancer;
    private final Map<Long, StreamObserver<HeartbeatResponse>> streams = new HashMap<>();
    /// In which this node is the active controller.
    private OptionalLong term = OptionalLong.empty();
    private long nextStream;

    /// @param quorum makes one attempt with this node's own member
    public Controller(
            Supplier<QuorumRole> role,
            Submitter quorum,
            MetadataFeed feed,
            BrokerLiveness.Times times,
            LeaderBalancer.Rules balance) {
        this.role = role;
        this.quorum = quorum;
        this.feed = feed;
        this.liveness = new BrokerLiveness(times);
        this.balancer = new LeaderBalancer(balance);
        var _ = thread.scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    /// A broker's heartbeat.
    record Beat(BrokerId broker, BrokerEpoch epoch, UUID incarnation, long metadataIndex, BrokerLiveness.Wish wish) {}

    /// A broker's stream to this controller.
    final class Stream {
        private final long id;

        private Stream(long id) {
            this.id = id;
        }

        void heard(Beat beat) {
            execute(() -> step(new Event.Heard(
                    id,
                    nowMillis(),
                    beat.broker(),
                    beat.epoch(),
                    beat.incarnation(),
                    beat.metadataIndex(),
                    beat.wish())));
        }

        void broken() {
            execute(() -> {
                streams.remove(id);
                step(new Event.StreamBroken(id, nowMillis()));
            });
        }
    }

    /// Opens a stream whose answers go to `answers`; they end when this controller is not the active one any more.
    Stream open(StreamObserver<HeartbeatResponse> answers) {
        long id;
        synchronized (this) {
            id = ++nextStream;
        }
        execute(() -> {
            followRole();
            if (term.isPresent()) {
                streams.put(id, answers);
            } else {
                endNotActive(answers);
            }
        });
        return new Stream(id);
    }

    /// Makes one attempt to get a command into the log. A registration that would take a living broker's place is
    /// refused before.
    @Override
    public CompletableFuture<Submission> submit(byte[] command) {
        MetadataCommand decoded;
        try {
            decoded = CommandCodec.decode(ByteBuffer.wrap(command));
        } catch (MalformedRecordException e) {
            return CompletableFuture.completedFuture(new Submission.Answered(
                    new MetadataReply.Rejected(RejectReason.COMMAND_TOO_LARGE, String.valueOf(e.getMessage()))));
        }
        if (!(decoded instanceof MetadataCommand.RegisterBroker register)) {
            return quorum.submit(command);
        }
        var barrier = new CompletableFuture<Optional<String>>();
        execute(() -> {
            followRole();
            barrier.complete(liveness.registrationBarrier(
                    feed.image(), register.brokerId(), register.incarnation(), nowMillis()));
        });
        return barrier.thenCompose(reason -> reason.map(message -> CompletableFuture.<Submission>completedFuture(
                        new Submission.Answered(new MetadataReply.Rejected(RejectReason.BROKER_IN_SERVICE, message))))
                .orElseGet(() -> quorum.submit(command)));
    }

    private void tick() {
        try {
            followRole();
            step(new Event.Tick(nowMillis()));
            balance();
        } catch (RuntimeException e) {
            LOG.error("the controller could not judge the brokers", e);
        }
    }

    /// Becomes what the quorum's member is.
    private void followRole() {
        var now = role.get() instanceof QuorumRole.Active leads ? OptionalLong.of(leads.term()) : OptionalLong.empty();
        if (now.equals(term)) {
            return;
        }
        if (term.isPresent()) {
            LOG.info("this node is not the active controller of term {} any more", term.getAsLong());
            step(new Event.Deactivated());
            balancer.deactivate();
            streams.values().forEach(this::endNotActive);
            streams.clear();
        }
        term = now;
        if (term.isPresent()) {
            LOG.info("this node is the active controller of term {}", term.getAsLong());
            step(new Event.Activated(nowMillis()));
            balancer.activate(nowMillis());
        }
    }

    private void endNotActive(StreamObserver<HeartbeatResponse> answers) {
        var notActive = NotActive.newBuilder();
        if (role.get() instanceof QuorumRole.Following(var leader)) {
            notActive.setActiveNodeId(leader.value());
        }
        send(answers, HeartbeatResponse.newBuilder().setNotActive(notActive).build());
        end(answers);
    }

    private void step(Event event) {
        for (var effect : liveness.step(feed.image(), event)) {
            switch (effect) {
                case Effect.Answer answer -> answer(answer);
                case Effect.EndLife(var stream, var message) -> {
                    var answers = streams.remove(stream);
                    if (answers != null) {
                        LOG.warn("a broker was told to stop: {}", message);
                        send(
                                answers,
                                HeartbeatResponse.newBuilder()
                                        .setLifeOver(LifeOver.newBuilder().setMessage(message))
                                        .build());
                        end(answers);
                    }
                }
                case Effect.Propose propose -> propose(propose);
            }
        }
    }

    private void answer(Effect.Answer answer) {
        var answers = streams.get(answer.stream());
        if (answers != null) {
            send(
                    answers,
                    HeartbeatResponse.newBuilder()
                            .setStanding(BrokerStanding.newBuilder()
                                    .setFenced(answer.fenced())
                                    .setDraining(answer.draining())
                                    .setMayStop(answer.mayStop())
                                    .setNextHeartbeatMillis((int) answer.nextHeartbeatMillis()))
                            .build());
        }
    }

    private void propose(Effect.Propose effect) {
        var requestId = new RequestId(UUID.randomUUID());
        var command = switch (effect.step()) {
            case FENCE -> new MetadataCommand.FenceBroker(requestId, effect.broker(), effect.epoch());
            case UNFENCE -> new MetadataCommand.UnfenceBroker(requestId, effect.broker(), effect.epoch());
            case DRAIN -> new MetadataCommand.DrainBroker(requestId, effect.broker(), effect.epoch());
        };
        LOG.info("broker {} of epoch {}: {}", effect.broker(), effect.epoch(), effect.step());
        // One attempt, with this node's own member: what was decided here must not reach the log of a later term by
        // another controller. Whoever is active then decides anew.
        var _ = quorum.submit(CommandCodec.encode(command)).thenAccept(submission -> {
            var what = "broker " + effect.broker() + ": " + effect.step();
            switch (submission) {
                case Submission.Answered(MetadataReply.Rejected(var _, var message)) ->
                    LOG.warn("{} was refused: {}", what, message);
                case Submission.Answered _ -> {}
                case Submission.NotAppended(var reason) -> LOG.warn("{} was not proposed: {}", what, reason);
                case Submission.Overloaded(var reason) -> LOG.warn("{} was not proposed: {}", what, reason);
                case Submission.Unknown(var reason) -> LOG.warn("{} is not certain: {}", what, reason);
            }
            execute(() -> step(new Event.ProposalEnded(effect.broker())));
        });
    }

    private void balance() {
        var partitions = balancer.tick(feed.image(), nowMillis());
        if (partitions.isEmpty()) {
            return;
        }
        LOG.info("electing the preferred leaders of {} partitions", partitions.size());
        var command =
                new MetadataCommand.ElectLeaders(new RequestId(UUID.randomUUID()), ElectionKind.PREFERRED, partitions);
        var begunIn = term;
        var _ = quorum.submit(CommandCodec.encode(command))
                .thenAccept(submission -> execute(() -> {
                    if (term.equals(begunIn)) {
                        balancer.ended(submission instanceof Submission.Answered);
                    }
                }));
    }

    /// A stream that is gone already is told so by its own transport.
    private static void send(StreamObserver<HeartbeatResponse> answers, HeartbeatResponse answer) {
        try {
            answers.onNext(answer);
        } catch (RuntimeException e) {
            LOG.debug("a heartbeat could not be answered", e);
        }
    }

    private static void end(StreamObserver<HeartbeatResponse> answers) {
        try {
            answers.onCompleted();
        } catch (RuntimeException e) {
            LOG.debug("a heartbeat stream had ended", e);
        }
    }

    private void execute(Runnable task) {
        try {
            thread.execute(() -> {
                try {
                    task.run();
                } catch (RuntimeException e) {
                    LOG.error("a step of the controller failed", e);
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("the controller is closed");
        }
    }

    private static long nowMillis() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
