package io.weirlog.server.group.core;

import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;

/// All groups of one partition of `__offsets`: a pure state machine. Whoever leads the partition replays its log into a
/// new machine, tells it that it is `Loaded` and which topics there are, and lets it decide from then on; [Outcome]
/// says
/// what must become of what it decides.
///
/// The state changes by records alone, the same way in a step as in a replay (G5). Besides, the machine remembers who
/// it
/// heard of when and who waits for an answer, which dies with it: members count as heard of when the next one begins.
///
/// A machine that throws an [io.weirlog.common.InvariantViolation] contradicts itself, and must not be used further.
public final class GroupMachine {
    private final GroupStore store = new GroupStore();
    private final SubscribedTopics topics = new SubscribedTopics();
    private final Rules rules;
    private final RequestChecks checks;
    private final Rebalance rebalance;
    private final MemberWatch watch;
    private final Membership membership;
    private final Offsets offsets;
    private final Expiry expiry;
    private final Descriptions descriptions;
    /// Groups that have not been looked at since topics changed.
    private final NavigableSet<GroupId> toRegroup = new TreeSet<>();

    private boolean loaded;
    private boolean topicsKnown;
    private long nowMillis;

    public GroupMachine(GroupConfig config) {
        this(config, new Rules());
    }

    GroupMachine(GroupConfig config, Rules rules) {
        this.rules = rules;
        checks = new RequestChecks(config);
        rebalance = new Rebalance(topics, rules);
        watch = new MemberWatch(config, store, rebalance, rules);
        membership = new Membership(config, store, watch, rebalance, rules);
        offsets = new Offsets(config, store, topics, watch, rules);
        expiry = new Expiry(config, store, topics, rules);
        descriptions = new Descriptions(store, topics, watch);
    }

    /// Takes in a record of the log: all of them in order, before anything else.
    public void replay(GroupRecord record) {
        store.apply(record);
    }

    /// The metadata that the coordinator needs at least: older [Topics] are passed over, and until newer ones come
    /// every
    /// request is refused.
    public long metadataIndexNeeded() {
        return store.metadataIndex();
    }

    public Outcome step(GroupEvent event) {
        var changes = new Changes(store, event.now());
        nowMillis = event.now().monotonicMillis();
        switch (event) { // No default: a new event must not compile until it is handled.
            case GroupEvent.Loaded _ -> load(changes);
            case GroupEvent.TopicsChanged(var _, var now) -> topicsChanged(now, changes);
            case GroupEvent.Tick _ -> tick(changes);
            case GroupEvent.Requested(var _, var ticket, var request) ->
                answer(ticket, request, changes).ifPresent(reply -> changes.answer(ticket, reply));
        }
        watch.settle(changes);
        return changes.outcome();
    }

    /// When a [GroupEvent.Tick] is due, by the monotonic clock; empty before the machine is loaded.
    public OptionalLong nextTickMillis() {
        if (!loaded) {
            return OptionalLong.empty();
        }
        if (!toRegroup.isEmpty()) {
            return OptionalLong.of(nowMillis);
        }
        var next = expiry.nextMillis(nowMillis);
        return OptionalLong.of(Math.min(next, watch.nextMillis().orElse(next)));
    }

    /// The fewest records that make the state: equal for equal states (G5).
    public List<GroupRecord> records() {
        return store.records();
    }

    private void load(Changes changes) {
        store.checkWhole();
        loaded = true;
        watch.begin(changes);
        expiry.begin(changes.now());
        regroupAll(changes);
    }

    private void topicsChanged(Topics now, Changes changes) {
        if (!rules.mayBelieve(
                now, Math.max(store.metadataIndex(), topics.topics().metadataIndex()))) {
            return;
        }
        topics.changed(now);
        topicsKnown = true;
        regroupAll(changes);
    }

    private void tick(Changes changes) {
        if (isReady()) {
            watch.tick(changes);
            expiry.tick(changes);
            regroupSome(changes);
        }
    }

    private boolean isReady() {
        return loaded && topicsKnown;
    }

    private void regroupAll(Changes changes) {
        if (isReady()) {
            toRegroup.addAll(store.groups().keySet());
            regroupSome(changes);
        }
    }

    private void regroupSome(Changes changes) {
        while (!toRegroup.isEmpty() && !changes.isLarge()) {
            store.group(toRegroup.removeFirst()).ifPresent(group -> {
                expiry.forgetVanished(group, changes);
                rebalance.regroup(group, changes);
            });
        }
    }

    private Optional<GroupReply> answer(Ticket ticket, GroupRequest request, Changes changes) {
        if (!isReady()) {
            return Optional.of(RequestChecks.refused(
                    RefusalReason.COORDINATOR_LOADING,
                    "the group's coordinator still reads what its predecessor left: try again"));
        }
        var problem = checks.problem(request);
        if (problem.isPresent()) {
            return Optional.of(problem.get());
        }
        return switch (request) { // No default: a new request must not compile until it is handled.
            case GroupRequest.Heartbeat heartbeat -> membership.heartbeat(ticket, heartbeat, changes);
            case GroupRequest.Join join -> Optional.of(membership.join(join, changes));
            case GroupRequest.Leave(var group, var member, var epoch) ->
                Optional.of(membership.leave(group, member, epoch, changes));
            case GroupRequest.RemoveInstance(var group, var instance) ->
                Optional.of(membership.removeInstance(group, instance, changes));
            case GroupRequest.CommitOffsets commit -> Optional.of(offsets.commit(commit, changes));
            case GroupRequest.FetchOffsets fetch -> Optional.of(offsets.fetch(fetch));
            case GroupRequest.DescribeGroup(var group) -> Optional.of(descriptions.describe(group, changes.now()));
            case GroupRequest.ListGroups(var after, var countMax) -> Optional.of(descriptions.list(after, countMax));
            case GroupRequest.DeleteGroup delete -> Optional.of(offsets.deleteGroup(delete, changes));
            case GroupRequest.DeleteOffsets delete -> Optional.of(offsets.delete(delete, changes));
            case GroupRequest.SetOffsets set -> Optional.of(offsets.set(set, changes));
        };
    }
}
