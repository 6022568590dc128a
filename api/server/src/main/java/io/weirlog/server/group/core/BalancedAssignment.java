package io.weirlog.server.group.core;

import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// Spreads partitions so evenly that no partition could go to a subscriber that has two fewer than its owner.
///
/// First everyone keeps what it had (if that counts), then what nobody has goes to whoever has least, topics with few
/// subscribers first; then partitions move one by one from the fullest member that can give to the emptiest that can
/// take. Each move makes the sum of the squares smaller, so there is an end. Where all subscribe to the same topics,
/// this moves as few partitions as an even spread allows.
final class BalancedAssignment {
    private static final Comparator<Share> LIGHTEST_FIRST =
            Comparator.comparingInt(Share::load).thenComparingInt(share -> share.place);

    private final List<Share> shares = new ArrayList<>();
    private final Map<TopicId, List<Share>> subscribers = new HashMap<>();
    private final NavigableMap<TopicId, Integer> partitions;

    private static final class Share {
        private final Assignor.Member member;
        private final int place;
        private final NavigableMap<TopicId, NavigableSet<TopicPartition>> byTopic = new TreeMap<>();
        private int load;

        Share(Assignor.Member member, int place) {
            this.member = member;
            this.place = place;
        }

        int load() {
            return load;
        }

        void add(TopicPartition partition) {
            byTopic.computeIfAbsent(partition.topicId(), _ -> new TreeSet<>()).add(partition);
            load++;
        }

        /// Gives the topic's last partition away.
        TopicPartition take(TopicId topic) {
            var own = byTopic.getOrDefault(topic, new TreeSet<>());
            var partition = own.removeLast();
            if (own.isEmpty()) {
                byTopic.remove(topic);
            }
            load--;
            return partition;
        }
    }

    private record Move(Share from, Share to, TopicId topic) {}

    BalancedAssignment(Assignor.Input input, boolean sticky) {
        this.partitions = input.partitions();
        var kept = new HashSet<TopicPartition>();
        for (var member : input.members()) {
            var share = new Share(member, shares.size());
            shares.add(share);
            member.topics()
                    .forEach(topic -> subscribers
                            .computeIfAbsent(topic, _ -> new ArrayList<>())
                            .add(share));
            if (sticky) {
                keep(share, kept);
            }
        }
        distribute(kept);
    }

    NavigableMap<MemberId, NavigableSet<TopicPartition>> assign() {
        for (var move = nextMove(); move.isPresent(); move = nextMove()) {
            move.get().to.add(move.get().from.take(move.get().topic));
        }
        var assigned = new TreeMap<MemberId, NavigableSet<TopicPartition>>();
        for (var share : shares) {
            var own = new TreeSet<TopicPartition>();
            share.byTopic.values().forEach(own::addAll);
            assigned.put(share.member.id(), own);
        }
        return assigned;
    }

    private void keep(Share share, Set<TopicPartition> kept) {
        for (var partition : share.member.former()) {
            var topic = partition.topicId();
            if (share.member.topics().contains(topic)
                    && partition.partition() < partitions.getOrDefault(topic, 0)
                    && kept.add(partition)) {
                share.add(partition);
            }
        }
    }

    private void distribute(Set<TopicPartition> kept) {
        var narrowFirst = subscribers.entrySet().stream()
                .sorted(Comparator.<Map.Entry<TopicId, List<Share>>>comparingInt(
                                entry -> entry.getValue().size())
                        .thenComparing(Map.Entry::getKey))
                .toList();
        for (var entry : narrowFirst) {
            for (int i = 0; i < partitions.getOrDefault(entry.getKey(), 0); i++) {
                var partition = new TopicPartition(entry.getKey(), i);
                if (!kept.contains(partition)) {
                    lightest(entry.getValue()).add(partition);
                }
            }
        }
    }

    /// From the fullest member that can give, to the emptiest that can take.
    private Optional<Move> nextMove() {
        if (shares.isEmpty()) {
            return Optional.empty();
        }
        var least = lightest(shares).load;
        var takers = new HashMap<TopicId, Share>();
        var fullestFirst = shares.stream()
                .filter(share -> share.load >= least + 2)
                .sorted(LIGHTEST_FIRST.reversed())
                .toList();
        for (var from : fullestFirst) {
            var best = from.byTopic.keySet().stream()
                    .map(topic -> new Move(from, taker(topic, takers), topic))
                    .min(Comparator.comparing(Move::to, LIGHTEST_FIRST));
            if (best.isPresent() && best.get().to.load + 2 <= from.load) {
                return best;
            }
        }
        return Optional.empty();
    }

    private Share taker(TopicId topic, Map<TopicId, Share> takers) {
        return takers.computeIfAbsent(topic, wanted -> lightest(subscribers.getOrDefault(wanted, shares)));
    }

    private static Share lightest(List<Share> shares) {
        var lightest = shares.getFirst();
        for (var share : shares) {
            if (LIGHTEST_FIRST.compare(share, lightest) < 0) {
                lightest = share;
            }
        }
        return lightest;
    }
}
