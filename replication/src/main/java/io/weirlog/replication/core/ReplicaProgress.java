package io.weirlog.replication.core;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.Invariant;
import io.weirlog.common.Offset;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// How far one follower is, as its leader knows. Nothing is known of a follower before it has acknowledged something in
/// the leader's epoch.
///
/// What was acknowledged stays so when the stream breaks, and is forgotten when the follower opens anew: it may have
/// lost some of it meanwhile.
final class ReplicaProgress {
    private @Nullable StreamSession session;
    private @Nullable BrokerEpoch brokerEpoch;
    private @Nullable Offset acknowledgedEnd;
    private boolean following;
    /// The leader's log end at [#sampleMillis]: who has acknowledged it was caught up then.
    private Offset sampleEnd;
    private long sampleMillis;
    private long caughtUpMillis;

    /// Followers of a new leader get the time that all get.
    ReplicaProgress(Offset leaderEnd, long nowMillis) {
        sampleEnd = leaderEnd;
        sampleMillis = nowMillis;
        caughtUpMillis = nowMillis;
    }

    Optional<Offset> acknowledgedEnd() {
        return Optional.ofNullable(acknowledgedEnd);
    }

    /// Of the life in which it has acknowledged; empty before it has opened.
    Optional<BrokerEpoch> brokerEpoch() {
        return Optional.ofNullable(brokerEpoch);
    }

    Optional<StreamSession> followingSession() {
        return following ? Optional.ofNullable(session) : Optional.empty();
    }

    boolean isCurrent(StreamSession asked) {
        return asked.equals(session);
    }

    /// Whether an opening is no older than what is known: of the life known or a later one, and of a later attempt.
    boolean mayOpen(FollowerMessage.Open open) {
        if (brokerEpoch == null || session == null || open.brokerEpoch().compareTo(brokerEpoch) > 0) {
            return true;
        }
        return open.brokerEpoch().equals(brokerEpoch) && open.session().value() > session.value();
    }

    void opened(FollowerMessage.Open open, boolean accepted) {
        session = open.session();
        brokerEpoch = open.brokerEpoch();
        acknowledgedEnd = null;
        following = accepted;
    }

    void closed() {
        following = false;
    }

    void acknowledged(Offset end, Offset leaderEnd, long nowMillis) {
        Invariant.check(
                acknowledgedEnd().filter(end::isBefore).isEmpty(),
                "R7: a follower went back from %s to %s",
                acknowledgedEnd(),
                end);
        acknowledgedEnd = end;
        noteCaughtUp(leaderEnd, nowMillis);
    }

    void tick(Offset leaderEnd, long nowMillis) {
        if (following && acknowledgedEnd != null) {
            noteCaughtUp(leaderEnd, nowMillis);
        }
    }

    private void noteCaughtUp(Offset leaderEnd, long nowMillis) {
        if (acknowledgedEnd == null || acknowledgedEnd.isBefore(sampleEnd)) {
            return;
        }
        caughtUpMillis = Math.max(caughtUpMillis, acknowledgedEnd.isBefore(leaderEnd) ? sampleMillis : nowMillis);
        sampleEnd = leaderEnd;
        sampleMillis = nowMillis;
    }

    long lagMillis(long nowMillis) {
        return nowMillis - caughtUpMillis;
    }
}
