package io.weirlog.server.group.core;

import com.google.errorprone.annotations.FormatMethod;
import io.weirlog.common.TopicPartition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Knows what is true, from the outside: what members believe to own, what is committed in the log, what was asked for
/// and what was answered. It uses the machine's code for one thing only: to keep the state that committed records make.
final class GroupOracle {
    private final GroupSim sim;
    private final GroupStore committed = new GroupStore();
    private final List<SimBatch> log = new ArrayList<>();
    private final Map<Place, Tenure> tenures = new HashMap<>();
    private final Map<Place, List<Version>> versions = new LinkedHashMap<>();
    private final Map<Long, Commit> commits = new HashMap<>();
    /// The highest epoch that each member ever had, as long as its group is there.
    private final Map<MemberKey, Integer> epochs = new HashMap<>();
    private final Set<Long> inLog = new HashSet<>();
    private final Set<GroupId> deleted = new HashSet<>();
    private final Set<SimMember.Life> lives = new LinkedHashSet<>();
    private long offsets;

    /// Something that must not be.
    static final class Violation extends RuntimeException {
        private static final long serialVersionUID = 1;

        Violation(String message) {
            super(message);
        }
    }

    private record Place(GroupId group, TopicPartition partition) {}

    /// An ownership without interruption, as the committed records have it.
    private record Tenure(MemberId member, int joinEpoch, int sinceEpoch, int batch) {}

    private record Commit(Place place, Optional<GroupRequest.MemberRef> by) {}

    /// What an offset was from a batch on; empty if there was none.
    private record Version(int fromBatch, Optional<Long> offset) {}

    GroupOracle(GroupSim sim) {
        this.sim = sim;
    }

    static List<Object> key(GroupRecord record) {
        return switch (record) {
            case GroupRecord.GroupChanged(var group, var _) -> List.of("group", group);
            case GroupRecord.GroupRemoved(var group) -> List.of("group", group);
            case GroupRecord.MemberChanged(var group, var member, var _) -> List.of("member", group, member);
            case GroupRecord.MemberRemoved(var group, var member) -> List.of("member", group, member);
            case GroupRecord.TargetChanged(var group, var member, var _) -> List.of("target", group, member);
            case GroupRecord.TargetRemoved(var group, var member) -> List.of("target", group, member);
            case GroupRecord.CurrentChanged(var group, var member, var _) -> List.of("current", group, member);
            case GroupRecord.CurrentRemoved(var group, var member) -> List.of("current", group, member);
            case GroupRecord.OffsetCommitted(var group, var partition, var _) -> List.of("offset", group, partition);
            case GroupRecord.OffsetRemoved(var group, var partition) -> List.of("offset", group, partition);
        };
    }

    static boolean isTombstone(GroupRecord record) {
        return switch (record) {
            case GroupRecord.GroupRemoved _,
                    GroupRecord.MemberRemoved _,
                    GroupRecord.TargetRemoved _,
                    GroupRecord.CurrentRemoved _,
                    GroupRecord.OffsetRemoved _ -> true;
            case GroupRecord.GroupChanged _,
                    GroupRecord.MemberChanged _,
                    GroupRecord.TargetChanged _,
                    GroupRecord.CurrentChanged _,
                    GroupRecord.OffsetCommitted _ -> false;
        };
    }

    @FormatMethod
    private static void require(boolean condition, String message, Object... arguments) {
        if (!condition) {
            throw new Violation(message.formatted(arguments));
        }
    }

    /// This much of some leader's log is committed.
    void committed(List<SimBatch> prefix) {
        for (int i = 0; i < prefix.size(); i++) {
            if (i < log.size()) {
                if (log.get(i) != prefix.get(i)) {
                    throw new IllegalStateException("the simulated log lost what was committed");
                }
                continue;
            }
            log.add(prefix.get(i));
            for (var record : prefix.get(i).records()) {
                check(record);
                committed.apply(record);
                note(record);
            }
        }
    }

    private void check(GroupRecord record) {
        if (record instanceof GroupRecord.OffsetCommitted(var group, var partition, var offset)) {
            var place = new Place(group, partition);
            var commit = Optional.ofNullable(commits.get(offset.nextOffset()))
                    .filter(one -> one.place.equals(place))
                    .orElseThrow(() -> new Violation("G3: nobody asked for " + record));
            if (commit.by.isPresent()) {
                var by = commit.by.get();
                var tenure = Optional.ofNullable(tenures.get(place));
                require(
                        tenure.filter(one -> one.member.equals(by.member()) && by.epoch() >= one.sinceEpoch)
                                .isPresent(),
                        "G3: %s is in the log while the partition is %s",
                        commit,
                        tenure);
            } else {
                require(members(group).isEmpty(), "G3: %s is in the log while there are members", commit);
            }
            inLog.add(offset.nextOffset());
        } else if (record instanceof GroupRecord.OffsetRemoved(var group, var partition)) {
            var gone = sim.topic(partition.topicId()).isEmpty();
            var asked = deleted.contains(group);
            // Only where offsets are not kept long, or the clock steps between two coordinators.
            var expired = members(group).isEmpty() && sim.plan().mayExpire();
            require(gone || asked || expired, "G3: %s while there are members to read on", record);
            sim.count(gone ? "offsets removed with their topic" : "offsets expired");
        } else if (record instanceof GroupRecord.CurrentChanged(var group, var member, var current)) {
            checkEpoch(new MemberKey(group, member), current.epoch());
        } else if (record instanceof GroupRecord.GroupRemoved(var group)) {
            epochs.keySet().removeIf(member -> member.group().equals(group));
        }
    }

    /// G3: a request tells by its epoch which life of the member it comes from.
    private void checkEpoch(MemberKey member, int epoch) {
        var isThere = committed
                .group(member.group())
                .flatMap(group -> group.current(member.member()))
                .isPresent();
        var highest = epochs.getOrDefault(member, -1);
        require(
                epoch > highest || (isThere && epoch == highest),
                "G3: %s has epoch %s, after %s",
                member,
                epoch,
                highest);
        epochs.put(member, epoch);
    }

    private Set<MemberId> members(GroupId group) {
        return committed
                .group(group)
                .<Set<MemberId>>map(one -> one.members().keySet())
                .orElse(Set.of());
    }

    private void note(GroupRecord record) {
        if (record instanceof GroupRecord.CurrentChanged(var group, var member, var current)) {
            var has = new TreeSet<>(current.assigned().keySet());
            has.addAll(current.revoking().keySet());
            tenures.entrySet()
                    .removeIf(entry -> entry.getKey().group.equals(group)
                            && entry.getValue().member.equals(member)
                            && (!has.contains(entry.getKey().partition)
                                    || entry.getValue().joinEpoch != current.joinEpoch()));
            for (var partition : has) {
                var tenure = tenures.computeIfAbsent(
                        new Place(group, partition),
                        _ -> new Tenure(member, current.joinEpoch(), current.epoch(), log.size()));
                require(tenure.member.equals(member), "G1: %s is %s's and %s's", partition, tenure.member, member);
            }
        } else if (record instanceof GroupRecord.CurrentRemoved(var group, var member)) {
            tenures.entrySet()
                    .removeIf(entry -> entry.getKey().group.equals(group)
                            && entry.getValue().member.equals(member));
        } else if (record instanceof GroupRecord.OffsetCommitted(var group, var partition, var offset)) {
            version(new Place(group, partition), Optional.of(offset.nextOffset()));
        } else if (record instanceof GroupRecord.OffsetRemoved(var group, var partition)) {
            version(new Place(group, partition), Optional.empty());
        }
    }

    private void version(Place place, Optional<Long> offset) {
        versions.computeIfAbsent(place, _ -> new ArrayList<>(List.of(new Version(0, Optional.empty()))))
                .add(new Version(log.size(), offset));
    }

    void begins(SimMember.Life life) {
        lives.add(life);
    }

    void ends(SimMember.Life life) {
        lives.remove(life);
    }

    /// G1: the member begins with the partition. Whoever else still believes to own it must be fenced.
    void takes(SimMember.Life taker, TopicPartition partition) {
        sim.count("partitions taken");
        if (isFenced(taker)) {
            return;
        }
        for (var life : lives) {
            if (life != taker && life.owns(partition)) {
                require(
                        isFenced(life),
                        "G1: %s takes %s, which %s in epoch %s owns and is not fenced",
                        taker.member(),
                        partition,
                        life.member(),
                        life.epoch());
                sim.count("partitions taken from fenced members");
            }
        }
    }

    private boolean isFenced(SimMember.Life life) {
        return committed
                .group(GroupSim.GROUP)
                .flatMap(group -> group.current(life.member()))
                .filter(current -> current.joinEpoch() <= life.epoch())
                .isEmpty();
    }

    /// A commit is on its way. Returns its offset, which no other has.
    long committing(GroupId group, TopicPartition partition, Optional<GroupRequest.MemberRef> by) {
        offsets++;
        commits.put(offsets, new Commit(new Place(group, partition), by));
        return offsets;
    }

    /// G2: what is acknowledged is committed, in the log that all later coordinators read.
    void acknowledged(long offset) {
        sim.count("commits acknowledged");
        require(
                inLog.contains(offset),
                "G2: %s is acknowledged, but not committed",
                String.valueOf(commits.get(offset)));
    }

    void deletes(GroupId group) {
        deleted.add(group);
    }

    /// All partitions that the group has ever committed an offset of.
    List<TopicPartition> partitions(GroupId group) {
        return versions.keySet().stream()
                .filter(place -> place.group.equals(group))
                .map(Place::partition)
                .toList();
    }

    Reading reading(GroupId group, Optional<GroupRequest.MemberRef> by) {
        return new Reading(group, by);
    }

    /// A request for committed offsets under way.
    final class Reading {
        private final GroupId group;
        private final Optional<GroupRequest.MemberRef> by;
        private final int sinceBatch = log.size();
        private final int sinceEpoch = sim.epochs();

        private Reading(GroupId group, Optional<GroupRequest.MemberRef> by) {
            this.group = group;
            this.by = by;
        }

        /// G2: what is shown is, or was during the request, the committed offset. A coordinator that was deposed
        /// without
        /// knowing it may be behind, but for a member not behind what it got the partition with.
        void got(TopicPartition partition, Optional<CommittedOffset> shown, int epoch) {
            var place = new Place(group, partition);
            var all = versions.getOrDefault(place, List.of(new Version(0, Optional.empty())));
            var from = epoch == sim.epochs() && epoch == sinceEpoch ? sinceBatch : granted(place);
            var offset = shown.map(CommittedOffset::nextOffset);
            for (int i = 0; i < all.size(); i++) {
                var until = i + 1 < all.size() ? all.get(i + 1).fromBatch : Integer.MAX_VALUE;
                if (until > from && all.get(i).offset.equals(offset)) {
                    sim.count("offsets read");
                    return;
                }
            }
            require(
                    false,
                    "G2: %s of %s reads %s from batch %s on, where %s were committed",
                    by,
                    place,
                    offset,
                    from,
                    all);
        }

        private int granted(Place place) {
            var tenure = tenures.get(place);
            var isGrantee = tenure != null
                    && by.isPresent()
                    && tenure.member.equals(by.get().member())
                    && by.get().epoch() >= tenure.sinceEpoch;
            return tenure != null && isGrantee ? tenure.batch - 1 : 0;
        }
    }

    /// G4: everyone is where it should be.
    void atRest(List<SimMember> members) {
        var group = committed.group(GroupSim.GROUP);
        var alive = members.stream().flatMap(member -> member.life().stream()).toList();
        var known = members(GroupSim.GROUP);
        var names = new TreeSet<>(alive.stream().map(SimMember.Life::member).toList());
        require(known.equals(names), "G4: the members are %s, but %s are alive", known, names);
        if (alive.isEmpty()) {
            return;
        }
        sim.count("groups at rest with members");
        require(
                group.orElseThrow().isStable(),
                "G4: not stable: %s",
                group.orElseThrow().records());
        var wanted = new TreeSet<TopicPartition>();
        var topics = new SubscribedTopics();
        topics.changed(sim.currentTopics());
        for (var terms : group.orElseThrow().members().values()) {
            for (var topic : topics.of(terms.subscription())) {
                for (int i = 0; i < sim.topic(topic).orElseThrow().partitions(); i++) {
                    wanted.add(new TopicPartition(topic, i));
                }
            }
        }
        var owned = new TreeSet<TopicPartition>();
        for (var life : alive) {
            var target = group.orElseThrow().target(life.member());
            require(target.equals(life.owned()), "G4: %s owns %s, not %s", life.member(), life.owned(), target);
            owned.addAll(target);
        }
        require(owned.equals(wanted), "G4: members own %s, not %s", owned, wanted);
    }
}
