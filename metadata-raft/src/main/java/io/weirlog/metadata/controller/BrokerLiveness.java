package io.weirlog.metadata.controller;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.MetadataImage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.UUID;

/// The active controller's judgement of the brokers: who is in service, who is taken out of it, who may stop.
///
/// A broker is *heard of* while its heartbeat stream is up and was used within the session timeout; after a break,
/// for a short grace. A controller that has just become active knows nothing about anyone: brokers look for it as soon
/// as the one before is gone, so each that is in service has a third of a session to be heard of; and once more than
/// half of them are, the others have the short grace from then on: they may have died together with that controller.
/// One whose own clock jumped between two ticks was paused itself, and gives everyone a full session.
///
/// | heard of | its wish | in the metadata     | proposed | told                                        |
/// |----------|----------|---------------------|----------|---------------------------------------------|
/// | no       |          | in service          | fence    |                                             |
/// | no       |          | fenced              |          |                                             |
/// | yes      | serve    | fenced, caught up   | unfence  | fenced                                      |
/// | yes      | serve    | fenced and draining |          | fenced: only its operator calls a drain off |
/// | yes      | serve    | in service          |          | in service                                  |
/// | yes      | drain    | in service          | drain    | whether it may stop                         |
/// | yes      | stop     | in service          | fence    |                                             |
///
/// Nothing is decided here for good: a proposal is guarded by the broker's epoch, and counts once it is in the log.
/// Each broker has at most one proposal under way.
public final class BrokerLiveness {
    /// @param eagerMillis between heartbeats of a broker that waits for something
    public record Times(long sessionMillis, long brokenStreamGraceMillis, long eagerMillis) {
        /// Several heartbeats fit into a session, so that the loss of one is nothing.
        long relaxedMillis() {
            return Math.max(1, sessionMillis / 6);
        }

        /// To be heard of by a controller that has just become active. The last one may have died together with
        /// leaders, whose partitions wait for this.
        long takeOverMillis() {
            return Math.max(1, sessionMillis / 3);
        }
    }

    public enum Wish {
        SERVE,
        DRAIN,
        STOP
    }

    /// What to do to a broker's standing, through the log.
    public enum Step {
        FENCE,
        UNFENCE,
        DRAIN
    }

    public sealed interface Event {
        /// This node leads the quorum now, and has applied its log.
        record Activated(long nowMillis) implements Event {}

        record Deactivated() implements Event {}

        /// @param stream names the heartbeat stream; never used again for another one
        /// @param metadataIndex up to which the broker has followed the metadata
        record Heard(
                long stream,
                long nowMillis,
                BrokerId broker,
                BrokerEpoch epoch,
                UUID incarnation,
                long metadataIndex,
                Wish wish)
                implements Event {}

        record StreamBroken(long stream, long nowMillis) implements Event {}

        /// Whatever came of it.
        /// However it ended: the next tick decides anew.
        record ProposalEnded(BrokerId broker) implements Event {}

        record Tick(long nowMillis) implements Event {}
    }

    public sealed interface Effect {
        record Answer(long stream, boolean fenced, boolean draining, boolean mayStop, long nextHeartbeatMillis)
                implements Effect {}

        /// The life of the broker that speaks on the stream is over.
        record EndLife(long stream, String message) implements Effect {}

        record Propose(BrokerId broker, BrokerEpoch epoch, Step step) implements Effect {}
    }

    private static final class Session {
        final BrokerEpoch epoch;
        OptionalLong stream = OptionalLong.empty();
        OptionalLong brokenAtMillis = OptionalLong.empty();
        long heardAtMillis;
        long metadataIndex;
        /// Where the broker must have come to before it is put into service.
        long caughtUpIndex;
        Wish wish = Wish.SERVE;
        boolean proposing;
        /// It has not spoken to this controller yet.
        boolean awaited;

        Session(BrokerEpoch epoch, long nowMillis) {
            this.epoch = epoch;
            this.heardAtMillis = nowMillis;
        }
    }

    private final Times times;
    private final TreeMap<BrokerId, Session> sessions = new TreeMap<>();
    private final Map<Long, BrokerId> streams = new HashMap<>();
    private boolean active;
    private long tickedAtMillis;
    /// Whether brokers that were in service when this controller became active may still be looking for it.
    private boolean takingOver;

    public BrokerLiveness(Times times) {
        this.times = times;
    }

    /// @param image the newest metadata
    public List<Effect> step(MetadataImage image, Event event) {
        var effects = new ArrayList<Effect>();
        switch (event) {
            case Event.Activated(var now) -> activate(image, now);
            case Event.Deactivated() -> deactivate();
            case Event.Heard heard when active -> heard(image, heard, effects);
            case Event.Heard _ -> {} // The caller tells who is active instead.
            case Event.StreamBroken(var stream, var now) -> broken(stream, now);
            case Event.ProposalEnded(var broker) -> ended(broker);
            case Event.Tick(var now) -> tick(image, now, effects);
        }
        return effects;
    }

    /// Why another life of the broker must not be registered now; empty if it may. A broker that lives keeps its
    /// place. One that may live keeps it until it is known.
    public Optional<String> registrationBarrier(MetadataImage image, BrokerId id, UUID incarnation, long nowMillis) {
        var registered = image.broker(id).filter(broker -> !broker.incarnation().equals(incarnation));
        var session = sessions.get(id);
        if (!active || registered.isEmpty() || session == null || session.wish == Wish.STOP) {
            return Optional.empty();
        }
        return session.epoch.equals(registered.get().epoch()) && isHeardOf(session, nowMillis)
                ? Optional.of("another process is in service as broker " + id + ", at "
                        + registered.get().endpoints().values())
                : Optional.empty();
    }

    private void activate(MetadataImage image, long nowMillis) {
        deactivate();
        active = true;
        takingOver = true;
        tickedAtMillis = nowMillis;
        image.brokers().stream().filter(broker -> !broker.fenced()).forEach(broker -> {
            var session = new Session(broker.epoch(), nowMillis - times.sessionMillis() + times.takeOverMillis());
            session.awaited = true;
            sessions.put(broker.id(), session);
        });
    }

    private void deactivate() {
        active = false;
        takingOver = false;
        sessions.clear();
        streams.clear();
    }

    private void heard(MetadataImage image, Event.Heard heard, List<Effect> effects) {
        var registered = image.broker(heard.broker());
        var trouble = trouble(registered, heard);
        if (registered.isEmpty() || trouble.isPresent()) {
            streams.remove(heard.stream());
            effects.add(new Effect.EndLife(heard.stream(), trouble.orElse("")));
            return;
        }
        var session = sessions.get(heard.broker());
        if (session == null || !session.epoch.equals(heard.epoch())) {
            session = new Session(heard.epoch(), heard.nowMillis());
            sessions.put(heard.broker(), session);
        }
        if (!session.stream.equals(OptionalLong.of(heard.stream()))) {
            session.stream.ifPresent(streams::remove);
            session.stream = OptionalLong.of(heard.stream());
            session.caughtUpIndex = image.index();
            streams.put(heard.stream(), heard.broker());
        }
        session.awaited = false;
        session.brokenAtMillis = OptionalLong.empty();
        session.heardAtMillis = heard.nowMillis();
        session.metadataIndex = heard.metadataIndex();
        session.wish = heard.wish();
        review(image, heard.broker(), session, heard.nowMillis(), effects);
        effects.add(answer(image, heard.stream(), registered.get(), session));
    }

    private static Optional<String> trouble(Optional<BrokerImage> registered, Event.Heard heard) {
        if (registered.isEmpty()) {
            return Optional.of("broker " + heard.broker() + " is not registered, or not any more");
        }
        var broker = registered.get();
        if (!broker.epoch().equals(heard.epoch()) || !broker.incarnation().equals(heard.incarnation())) {
            return Optional.of("broker " + heard.broker() + " was registered again by another process, at "
                    + broker.endpoints().values() + ": this one is in epoch " + heard.epoch()
                    + ", the other one in " + broker.epoch());
        }
        return Optional.empty();
    }

    private Effect answer(MetadataImage image, long stream, BrokerImage broker, Session session) {
        boolean waits = broker.fenced() || session.wish != Wish.SERVE;
        return new Effect.Answer(
                stream,
                broker.fenced(),
                broker.draining(),
                session.wish != Wish.SERVE && mayStop(image, broker),
                waits ? times.eagerMillis() : times.relaxedMillis());
    }

    /// Whether every leadership that somebody else could have has gone.
    private static boolean mayStop(MetadataImage image, BrokerImage broker) {
        return broker.fenced() || (broker.draining() && LeadershipsToMove.of(image, broker.id()) == 0);
    }

    private void broken(long stream, long nowMillis) {
        var broker = streams.remove(stream);
        var session = broker == null ? null : sessions.get(broker);
        if (session != null && session.stream.equals(OptionalLong.of(stream))) {
            session.stream = OptionalLong.empty();
            session.brokenAtMillis = OptionalLong.of(nowMillis);
        }
    }

    private void ended(BrokerId broker) {
        var session = sessions.get(broker);
        if (session != null) {
            session.proposing = false;
        }
    }

    private void tick(MetadataImage image, long nowMillis, List<Effect> effects) {
        if (!active) {
            return;
        }
        if (nowMillis - tickedAtMillis >= times.sessionMillis() / 2) {
            // Heartbeats of the time in which this process stood still are still to be read.
            sessions.values().forEach(session -> session.heardAtMillis = nowMillis);
            takingOver = false;
        }
        tickedAtMillis = nowMillis;
        if (takingOver) {
            hurryTheLast(nowMillis);
        }
        for (var broker : image.brokers()) {
            if (!broker.fenced()) {
                var session = sessions.get(broker.id());
                if (session == null || !session.epoch.equals(broker.epoch())) {
                    sessions.put(broker.id(), new Session(broker.epoch(), nowMillis));
                }
            }
        }
        List.copyOf(sessions.entrySet())
                .forEach(entry -> review(image, entry.getKey(), entry.getValue(), nowMillis, effects));
    }

    private void hurryTheLast(long nowMillis) {
        var awaited =
                sessions.values().stream().filter(session -> session.awaited).toList();
        if (2 * awaited.size() < sessions.size()) {
            takingOver = false;
            awaited.forEach(session -> session.brokenAtMillis = OptionalLong.of(nowMillis));
        }
    }

    private void review(MetadataImage image, BrokerId id, Session session, long nowMillis, List<Effect> effects) {
        var registered = image.broker(id).filter(broker -> broker.epoch().equals(session.epoch));
        if (registered.isEmpty()) {
            forget(id, session);
            return;
        }
        boolean fenced = registered.get().fenced();
        boolean heardOf = isHeardOf(session, nowMillis);
        if (fenced && !heardOf && !session.proposing) {
            forget(id, session);
            return;
        }
        var step = heardOf ? wanted(registered.get(), session) : fenceUnless(fenced);
        if (step.isPresent() && !session.proposing) {
            session.proposing = true;
            effects.add(new Effect.Propose(id, session.epoch, step.get()));
        }
    }

    private static Optional<Step> wanted(BrokerImage broker, Session session) {
        return switch (session.wish) {
            case SERVE ->
                broker.fenced() && !broker.draining() && session.metadataIndex >= session.caughtUpIndex
                        ? Optional.of(Step.UNFENCE)
                        : Optional.empty();
            case DRAIN -> broker.fenced() || broker.draining() ? Optional.empty() : Optional.of(Step.DRAIN);
            case STOP -> fenceUnless(broker.fenced());
        };
    }

    private static Optional<Step> fenceUnless(boolean fenced) {
        return fenced ? Optional.empty() : Optional.of(Step.FENCE);
    }

    private boolean isHeardOf(Session session, long nowMillis) {
        if (nowMillis - session.heardAtMillis >= times.sessionMillis()) {
            return false;
        }
        return session.brokenAtMillis.isEmpty()
                || nowMillis - session.brokenAtMillis.getAsLong() < times.brokenStreamGraceMillis();
    }

    private void forget(BrokerId id, Session session) {
        sessions.remove(id, session);
        session.stream.ifPresent(streams::remove);
    }
}
