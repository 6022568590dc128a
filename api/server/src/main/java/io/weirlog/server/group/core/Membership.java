package io.weirlog.server.group.core;

import java.util.Optional;

/// Who is in a group: joining, staying, going.
final class Membership {
    private final GroupConfig config;
    private final GroupStore store;
    private final MemberWatch watch;
    private final Rebalance rebalance;
    private final Rules rules;

    Membership(GroupConfig config, GroupStore store, MemberWatch watch, Rebalance rebalance, Rules rules) {
        this.config = config;
        this.store = store;
        this.watch = watch;
        this.rebalance = rebalance;
        this.rules = rules;
    }

    GroupReply join(GroupRequest.Join join, Changes changes) {
        var known = store.group(join.group());
        if (known.isEmpty() && store.groups().size() >= config.groupsMax()) {
            return RequestChecks.limit("groups", config.groupsMax());
        }
        var group = known.orElseGet(() -> new Group(join.group()));
        var former = join.terms().instance().flatMap(group::memberOf).orElse(join.member());
        if (!former.equals(join.member()) && group.member(join.member()).isPresent()) {
            return RequestChecks.invalid("member id '%s' is in use: join under another one".formatted(join.member()));
        }
        var current = group.current(former);
        if (current.isPresent()) {
            rejoin(group, former, current.get(), join, changes);
        } else if (group.members().size() >= config.membersMax()) {
            return RequestChecks.limit("members of a group", config.membersMax());
        } else {
            joinNew(group, join, changes);
        }
        return watch.heard(new MemberKey(join.group(), join.member()), changes.now());
    }

    private void joinNew(Group group, GroupRequest.Join join, Changes changes) {
        var id = join.group();
        var epoch = rules.nextGroupEpoch(group.meta().epoch(), 0);
        changes.put(new GroupRecord.MemberChanged(id, join.member(), join.terms()));
        changes.put(new GroupRecord.CurrentChanged(id, join.member(), CurrentAssignment.joined(epoch)));
        rebalance.membersChanged(store.existing(id), 0, changes);
    }

    /// A new life of a member. What the old one had revoked and not acknowledged stays so: the new one acknowledges it
    /// with its first heartbeat.
    private void rejoin(
            Group group, MemberId former, CurrentAssignment current, GroupRequest.Join join, Changes changes) {
        var id = join.group();
        var member = join.member();
        if (former.equals(member)) {
            changes.put(new GroupRecord.CurrentChanged(
                    id, member, rules.rejoined(current, Math.incrementExact(current.epoch()))));
            if (!group.member(member).equals(Optional.of(join.terms()))) {
                changes.put(new GroupRecord.MemberChanged(id, member, join.terms()));
            }
            rebalance.regroup(group, changes);
            return;
        }
        var target = group.target(former);
        var epoch = rules.nextGroupEpoch(group.meta().epoch(), current.epoch());
        MemberWatch.remove(id, former, changes);
        changes.put(new GroupRecord.MemberChanged(id, member, join.terms()));
        changes.put(new GroupRecord.TargetChanged(id, member, target));
        changes.put(new GroupRecord.CurrentChanged(id, member, rules.rejoined(current, epoch)));
        rebalance.membersChanged(store.existing(id), current.epoch(), changes);
    }

    /// The answer, or empty if it is to wait for something new.
    Optional<GroupReply> heartbeat(Ticket ticket, GroupRequest.Heartbeat heartbeat, Changes changes) {
        var id = heartbeat.group();
        var member = heartbeat.member();
        var refused = watch.usurped(id, member, heartbeat.instance())
                .or(() -> watch.stranger(id, new GroupRequest.MemberRef(member, heartbeat.epoch())));
        if (refused.isPresent()) {
            return Optional.of(refused.get());
        }
        var group = store.existing(id);
        var instance = group.terms(member).instance();
        if (heartbeat
                .terms()
                .filter(terms -> !terms.instance().equals(instance))
                .isPresent()) {
            return Optional.of(RequestChecks.invalid("a member keeps its instance id: leave, and join under another"));
        }
        var key = new MemberKey(id, member);
        takeIn(group, heartbeat, changes);
        watch.answerWaiter(key, changes);
        var state = watch.heard(key, changes.now());
        if (heartbeat.waitMillis() > 0 && state.epoch() == heartbeat.epoch()) {
            var wait = Math.min(heartbeat.waitMillis(), state.heartbeatMillis());
            watch.letWait(
                    key,
                    new Session.Waiter(
                            ticket,
                            heartbeat.instance(),
                            heartbeat.epoch(),
                            changes.now().monotonicMillis() + wait));
            return Optional.empty();
        }
        return Optional.of(state);
    }

    private void takeIn(Group group, GroupRequest.Heartbeat heartbeat, Changes changes) {
        var member = heartbeat.member();
        var current = group.assignment(member);
        var left = rules.leftToRevoke(current, heartbeat.owned());
        var acknowledged = rules.acknowledges(current, heartbeat.epoch())
                && left.size() < current.revoking().size();
        if (acknowledged) {
            changes.put(new GroupRecord.CurrentChanged(group.id(), member, current.withRevoking(left)));
        }
        var terms = heartbeat.terms().filter(one -> !group.member(member).equals(Optional.of(one)));
        if (terms.isPresent()) {
            changes.put(new GroupRecord.MemberChanged(group.id(), member, terms.get()));
            rebalance.regroup(group, changes);
        } else if (acknowledged) {
            rebalance.reconcile(group, changes);
        }
    }

    GroupReply leave(GroupId id, MemberId member, int epoch, Changes changes) {
        var stranger = watch.stranger(id, new GroupRequest.MemberRef(member, epoch));
        if (stranger.isPresent()) {
            return stranger.get();
        }
        removeAndRegroup(id, member, changes);
        return new GroupReply.Done();
    }

    GroupReply removeInstance(GroupId id, InstanceId instance, Changes changes) {
        var member = store.group(id).flatMap(group -> group.memberOf(instance));
        if (member.isEmpty()) {
            return RequestChecks.refused(
                    RefusalReason.UNKNOWN_MEMBER,
                    "group '%s' has no member with the instance id '%s'".formatted(id, instance));
        }
        removeAndRegroup(id, member.get(), changes);
        return new GroupReply.Done();
    }

    private void removeAndRegroup(GroupId id, MemberId member, Changes changes) {
        var epoch = store.existing(id).assignment(member).epoch();
        MemberWatch.remove(id, member, changes);
        rebalance.membersChanged(store.existing(id), epoch, changes);
    }
}
