package io.weirlog.server.group.core;

import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/// Who of the members is still there, what they are told, and who waits for news.
final class MemberWatch {
    private final GroupConfig config;
    private final GroupStore store;
    private final Rebalance rebalance;
    private final Rules rules;
    private final Sessions sessions = new Sessions();

    MemberWatch(GroupConfig config, GroupStore store, Rebalance rebalance, Rules rules) {
        this.config = config;
        this.store = store;
        this.rebalance = rebalance;
        this.rules = rules;
    }

    OptionalLong nextMillis() {
        return sessions.nextMillis();
    }

    /// A new coordinator counts everyone as heard of just now.
    void begin(Changes changes) {
        var now = changes.now().monotonicMillis();
        store.groups()
                .values()
                .forEach(group -> group.members().forEach((member, terms) -> {
                    var key = new MemberKey(group.id(), member);
                    sessions.getOrBegin(key, now).revoking(group.assignment(member), now);
                    sessions.schedule(key, terms);
                }));
    }

    /// The member is there. Returns what it is to know.
    GroupReply.Membership heard(MemberKey key, Now now) {
        sessions.getOrBegin(key, now.monotonicMillis()).heard(now.monotonicMillis());
        schedule(key);
        return state(key, now);
    }

    long silentMillis(MemberKey key, Now now) {
        return sessions.getOrBegin(key, now.monotonicMillis()).silentMillis(now.monotonicMillis());
    }

    /// How long the member may still take to acknowledge what was revoked; empty if nothing is.
    OptionalLong revokeMillis(MemberKey key, Now now) {
        var group = store.existing(key.group());
        var session = sessions.getOrBegin(key, now.monotonicMillis());
        session.revoking(group.assignment(key.member()), now.monotonicMillis());
        var revoking = session.revokingMillis(now.monotonicMillis());
        var max = group.terms(key.member()).rebalanceMillis();
        return revoking.isPresent() ? OptionalLong.of(Math.max(0, max - revoking.getAsLong())) : OptionalLong.empty();
    }

    void letWait(MemberKey key, Session.Waiter waiter) {
        sessions.get(key).ifPresent(session -> session.waits(waiter));
        schedule(key);
    }

    void answerWaiter(MemberKey key, Changes changes) {
        sessions.get(key)
                .ifPresent(session -> session.waiter().ifPresent(waiter -> {
                    session.waitsNoMore();
                    var ref = new GroupRequest.MemberRef(key.member(), waiter.knownEpoch());
                    changes.answer(
                            waiter.ticket(),
                            usurped(key.group(), key.member(), waiter.instance())
                                    .or(() -> stranger(key.group(), ref))
                                    .<GroupReply>map(refused -> refused)
                                    .orElseGet(() -> state(key, changes.now())));
                }));
    }

    /// Whether another process has this one's instance id. Told before anything else: who is only told that it is no
    /// member joins again, and the two would fence each other for ever.
    Optional<GroupReply.Refused> usurped(GroupId id, MemberId member, Optional<InstanceId> instance) {
        return instance.flatMap(name -> store.group(id).flatMap(group -> group.memberOf(name)))
                .filter(other -> !other.equals(member))
                .map(_ -> RequestChecks.refused(
                        RefusalReason.FENCED_MEMBER,
                        "another process has joined group '%s' under the same instance id: stop this one"
                                .formatted(id)));
    }

    /// Why this is not a member in its present life; empty if it is.
    Optional<GroupReply.Refused> stranger(GroupId id, GroupRequest.MemberRef ref) {
        var current = store.group(id).flatMap(group -> group.current(ref.member()));
        if (current.isEmpty()) {
            return Optional.of(RequestChecks.refused(
                    RefusalReason.UNKNOWN_MEMBER,
                    "group '%s' has no member '%s': it left or was fenced; join again".formatted(id, ref.member())));
        }
        if (!current.get().isOfThisLife(ref.epoch())) {
            return Optional.of(RequestChecks.refused(
                    RefusalReason.STALE_MEMBER_EPOCH,
                    "member '%s' of group '%s' is in epoch %d, not %d: give up its partitions and join again"
                            .formatted(ref.member(), id, current.get().epoch(), ref.epoch())));
        }
        return Optional.empty();
    }

    /// Fences who is silent or keeps partitions for too long, and answers heartbeats that have waited long enough.
    void tick(Changes changes) {
        var now = changes.now().monotonicMillis();
        NavigableMap<GroupId, Integer> shrunk = new TreeMap<>();
        for (var key : sessions.due(now)) {
            if (changes.isLarge()) {
                break;
            }
            var group = store.existing(key.group());
            var session = sessions.getOrBegin(key, now);
            if (isToBeFenced(group.terms(key.member()), session, now)) {
                shrunk.merge(key.group(), group.assignment(key.member()).epoch(), Math::max);
                remove(key.group(), key.member(), changes);
            } else {
                if (session.waiter()
                        .filter(waiter -> waiter.untilMillis() <= now)
                        .isPresent()) {
                    answerWaiter(key, changes);
                }
                schedule(key);
            }
        }
        shrunk.forEach((id, epoch) -> rebalance.membersChanged(store.existing(id), epoch, changes));
    }

    private boolean isToBeFenced(MemberTerms terms, Session session, long now) {
        var revoking = session.revokingMillis(now);
        return rules.isSilentTooLong(session.silentMillis(now), terms)
                || (revoking.isPresent() && rules.isRevokingTooLong(revoking.getAsLong(), terms));
    }

    static void remove(GroupId id, MemberId member, Changes changes) {
        changes.put(new GroupRecord.MemberRemoved(id, member));
        changes.put(new GroupRecord.TargetRemoved(id, member));
        changes.put(new GroupRecord.CurrentRemoved(id, member));
    }

    /// Brings the sessions of members up to what has become of them, and tells those that wait for it.
    void settle(Changes changes) {
        var now = changes.now().monotonicMillis();
        for (var key : changes.touched()) {
            var current = store.group(key.group()).flatMap(group -> group.current(key.member()));
            if (current.isEmpty()) {
                answerWaiter(key, changes);
                sessions.end(key);
                continue;
            }
            var session = sessions.getOrBegin(key, now);
            session.revoking(current.get(), now);
            if (session.waiter()
                    .filter(waiter -> waiter.knownEpoch() != current.get().epoch())
                    .isPresent()) {
                answerWaiter(key, changes);
            }
            schedule(key);
        }
    }

    private GroupReply.Membership state(MemberKey key, Now now) {
        var group = store.existing(key.group());
        var current = group.assignment(key.member());
        return new GroupReply.Membership(
                key.member(),
                current.epoch(),
                current.assigned().navigableKeySet(),
                current.revoking().navigableKeySet(),
                revokeMillis(key, now),
                config.heartbeatMillis(group.terms(key.member())));
    }

    private void schedule(MemberKey key) {
        store.group(key.group())
                .flatMap(group -> group.member(key.member()))
                .ifPresent(terms -> sessions.schedule(key, terms));
    }
}
