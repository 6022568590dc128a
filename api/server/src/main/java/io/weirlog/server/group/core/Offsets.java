package io.weirlog.server.group.core;

import io.weirlog.common.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/// Committed offsets: storing, reading, removing them.
final class Offsets {
    private final GroupConfig config;
    private final GroupStore store;
    private final SubscribedTopics topics;
    private final MemberWatch watch;
    private final Rules rules;

    Offsets(GroupConfig config, GroupStore store, SubscribedTopics topics, MemberWatch watch, Rules rules) {
        this.config = config;
        this.store = store;
        this.topics = topics;
        this.watch = watch;
        this.rules = rules;
    }

    GroupReply commit(GroupRequest.CommitOffsets commit, Changes changes) {
        var id = commit.group();
        var refused = commit.by().isPresent()
                ? watch.stranger(id, commit.by().get())
                : notEmpty(id, "commit as a member of it").or(() -> noRoom(id));
        if (refused.isPresent()) {
            return refused.get();
        }
        return put(id, commit.by(), commit.offsets(), changes);
    }

    GroupReply set(GroupRequest.SetOffsets set, Changes changes) {
        var id = set.group();
        var refused = notEmpty(id, "stop its members first").or(() -> noRoom(id));
        if (refused.isPresent()) {
            return refused.get();
        }
        if (set.validateOnly()) {
            return new GroupReply.PartitionResults(set.offsets().stream()
                    .map(offset -> problem(id, Optional.empty(), offset))
                    .toList());
        }
        return put(id, Optional.empty(), set.offsets(), changes);
    }

    private GroupReply put(
            GroupId id, Optional<GroupRequest.MemberRef> by, List<GroupRequest.OffsetCommit> offsets, Changes changes) {
        var results = new ArrayList<Optional<GroupReply.Refused>>();
        for (var offset : offsets) {
            var problem = problem(id, by, offset);
            results.add(problem);
            if (problem.isEmpty()) {
                put(id, offset, changes);
            }
        }
        return new GroupReply.PartitionResults(results);
    }

    private void put(GroupId id, GroupRequest.OffsetCommit offset, Changes changes) {
        var index = topics.topics().metadataIndex();
        if (store.group(id).isEmpty()) {
            changes.put(new GroupRecord.GroupChanged(id, GroupMeta.NEW));
        }
        var committed = new CommittedOffset(
                offset.nextOffset(),
                offset.leaderEpoch(),
                offset.note(),
                changes.now().wallMillis(),
                index);
        changes.put(new GroupRecord.OffsetCommitted(id, offset.partition(), committed));
    }

    private Optional<GroupReply.Refused> problem(
            GroupId id, Optional<GroupRequest.MemberRef> by, GroupRequest.OffsetCommit offset) {
        var partition = offset.partition();
        if (offset.nextOffset() < 0) {
            return Optional.of(RequestChecks.invalid("offset %d is negative".formatted(offset.nextOffset())));
        }
        if (RequestChecks.bytes(offset.note()) > GroupConfig.NOTE_BYTES_MAX) {
            return Optional.of(RequestChecks.invalid(
                    "a note has at most %d bytes: shorten it".formatted(GroupConfig.NOTE_BYTES_MAX)));
        }
        var topic = topics.topics().topic(partition.topicId());
        if (topic.isEmpty() || partition.partition() >= topic.get().partitions()) {
            return Optional.of(RequestChecks.refused(
                    RefusalReason.UNKNOWN_PARTITION,
                    "there is no partition %s: check topic and number"
                            .formatted(topics.topics().text(partition))));
        }
        var group = store.group(id);
        var known = group.map(Group::offsets).orElseGet(TreeMap::new);
        if (known.size() >= GroupConfig.OFFSETS_PER_GROUP_MAX && !known.containsKey(partition)) {
            return Optional.of(RequestChecks.limit("committed offsets of a group", GroupConfig.OFFSETS_PER_GROUP_MAX));
        }
        if (by.isPresent() && !owns(group, by.get(), partition)) {
            return Optional.of(RequestChecks.refused(
                    RefusalReason.PARTITION_NOT_OWNED,
                    "partition %s is not, or no longer, the member's as it was in epoch %d: whoever has it commits"
                            .formatted(topics.topics().text(partition), by.get().epoch())));
        }
        return Optional.empty();
    }

    private boolean owns(Optional<Group> group, GroupRequest.MemberRef by, TopicPartition partition) {
        return group.flatMap(known -> known.current(by.member()))
                .filter(current -> rules.mayCommit(current, partition, by.epoch()))
                .isPresent();
    }

    GroupReply fetch(GroupRequest.FetchOffsets fetch) {
        var refused = fetch.by().flatMap(ref -> watch.stranger(fetch.group(), ref));
        if (refused.isPresent()) {
            return refused.get();
        }
        var known = store.group(fetch.group()).map(Group::offsets).orElseGet(TreeMap::new);
        NavigableMap<TopicPartition, CommittedOffset> found = new TreeMap<>(known);
        fetch.partitions().ifPresent(wanted -> found.keySet().retainAll(new TreeSet<>(wanted)));
        return new GroupReply.Offsets(found);
    }

    GroupReply delete(GroupRequest.DeleteOffsets delete, Changes changes) {
        var group = store.group(delete.group());
        if (group.isEmpty()) {
            return unknownGroup(delete.group());
        }
        var results = new ArrayList<Optional<GroupReply.Refused>>();
        for (var partition : delete.partitions()) {
            var subscribed = group.get().members().values().stream()
                    .anyMatch(terms -> topics.of(terms.subscription()).contains(partition.topicId()));
            if (subscribed) {
                results.add(Optional.of(RequestChecks.refused(
                        RefusalReason.GROUP_NOT_EMPTY,
                        "group '%s' has members that read partition %s: stop them first"
                                .formatted(delete.group(), topics.topics().text(partition)))));
                continue;
            }
            results.add(Optional.empty());
            if (!delete.validateOnly() && group.get().offsets().containsKey(partition)) {
                changes.put(new GroupRecord.OffsetRemoved(delete.group(), partition));
            }
        }
        return new GroupReply.PartitionResults(results);
    }

    GroupReply deleteGroup(GroupRequest.DeleteGroup delete, Changes changes) {
        var group = store.group(delete.group());
        if (group.isEmpty()) {
            return unknownGroup(delete.group());
        }
        var refused = notEmpty(delete.group(), "stop its members first");
        if (refused.isPresent()) {
            return refused.get();
        }
        if (!delete.validateOnly()) {
            group.get().removals().forEach(changes::put);
        }
        return new GroupReply.Done();
    }

    static GroupReply.Refused unknownGroup(GroupId id) {
        return RequestChecks.refused(
                RefusalReason.UNKNOWN_GROUP, "there is no group '%s': check its name".formatted(id));
    }

    private Optional<GroupReply.Refused> notEmpty(GroupId id, String advice) {
        return store.group(id)
                .filter(group -> !group.members().isEmpty())
                .map(group -> RequestChecks.refused(
                        RefusalReason.GROUP_NOT_EMPTY,
                        "group '%s' has %d members: %s"
                                .formatted(id, group.members().size(), advice)));
    }

    private Optional<GroupReply.Refused> noRoom(GroupId id) {
        return store.group(id).isEmpty() && store.groups().size() >= config.groupsMax()
                ? Optional.of(RequestChecks.limit("groups", config.groupsMax()))
                : Optional.empty();
    }
}
