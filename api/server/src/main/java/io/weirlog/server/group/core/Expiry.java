package io.weirlog.server.group.core;

import io.weirlog.common.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;

/// Removes offsets that nobody has needed for long, offsets of topics that are gone, and groups that have nothing left.
///
/// Time here is the wall clock's, since it goes on while no coordinator runs. When that clock steps, or a coordinator
/// has
/// just begun, nothing expires for a while.
final class Expiry {
    private final GroupConfig config;
    private final GroupStore store;
    private final SubscribedTopics topics;
    private final Rules rules;
    private final NavigableSet<GroupId> toCheck = new TreeSet<>();
    private long nextCheckMillis;
    private long calmUntilMillis;
    private long wallAheadMillis;

    Expiry(GroupConfig config, GroupStore store, SubscribedTopics topics, Rules rules) {
        this.config = config;
        this.store = store;
        this.topics = topics;
        this.rules = rules;
    }

    void begin(Now now) {
        nextCheckMillis = now.monotonicMillis() + config.expiryCheckMillis();
        calmUntilMillis = now.monotonicMillis();
        wallAheadMillis = now.wallMillis() - now.monotonicMillis();
    }

    long nextMillis(long nowMillis) {
        return toCheck.isEmpty() ? nextCheckMillis : nowMillis;
    }

    void tick(Changes changes) {
        var now = changes.now();
        watchClock(now);
        if (now.monotonicMillis() >= nextCheckMillis) {
            nextCheckMillis = now.monotonicMillis() + config.expiryCheckMillis();
            if (now.monotonicMillis() >= calmUntilMillis) {
                toCheck.addAll(store.groups().keySet());
            }
        }
        while (!toCheck.isEmpty() && !changes.isLarge()) {
            store.group(toCheck.removeFirst()).ifPresent(group -> expire(group, changes));
        }
    }

    private void watchClock(Now now) {
        var ahead = now.wallMillis() - now.monotonicMillis();
        if (Math.abs(ahead - wallAheadMillis) >= GroupConfig.CLOCK_STEP_MILLIS) {
            calmUntilMillis = now.monotonicMillis() + GroupConfig.EXPIRY_CALM_MILLIS;
            toCheck.clear();
        }
        wallAheadMillis = ahead;
    }

    /// Offsets of topics that were deleted go at once.
    void forgetVanished(Group group, Changes changes) {
        for (var partition : List.copyOf(group.offsets().keySet())) {
            if (topics.topics().topic(partition.topicId()).isEmpty()) {
                changes.put(new GroupRecord.OffsetRemoved(group.id(), partition));
            }
        }
    }

    private void expire(Group group, Changes changes) {
        if (!rules.mayExpire(group)) {
            return;
        }
        var now = changes.now().wallMillis();
        var expired = new ArrayList<TopicPartition>();
        group.offsets().forEach((partition, offset) -> {
            var unusedSince = Math.max(
                    offset.commitMillis(), group.meta().emptySinceMillis().orElse(0));
            if (now - unusedSince >= config.offsetsRetentionMillis()) {
                expired.add(partition);
            }
        });
        expired.forEach(partition -> changes.put(new GroupRecord.OffsetRemoved(group.id(), partition)));
        var emptySince = group.meta().emptySinceMillis();
        var longBlank = emptySince.isEmpty() || now - emptySince.getAsLong() >= config.blankGroupMillis();
        if (group.offsets().isEmpty() && group.members().isEmpty() && longBlank) {
            changes.put(new GroupRecord.GroupRemoved(group.id()));
        }
    }
}
