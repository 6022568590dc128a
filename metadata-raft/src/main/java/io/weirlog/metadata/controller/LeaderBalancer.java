package io.weirlog.metadata.controller;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.core.MetadataLimits;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// When the active controller gives leaderships back to the preferred leaders: a broker that was away leads nothing
/// when
/// it comes back, and those that took over would carry its load for ever.
///
/// Every so often each broker is looked at. Of the partitions that prefer it, it should lead all but a few percent. If
/// it
/// does not, all of them are proposed for which it is in sync and in service, in bounded batches, one under way at a
/// time.
/// Whether an election still makes sense is decided when it is applied.
public final class LeaderBalancer {
    /// @param percentMax of the partitions that prefer a broker, others may lead so many without a remedy
    public record Rules(boolean enabled, long intervalMillis, int percentMax) {}

    private final Rules rules;
    private final Deque<TopicPartition> waiting = new ArrayDeque<>();
    private OptionalLong nextCheckMillis = OptionalLong.empty();
    private boolean underWay;

    public LeaderBalancer(Rules rules) {
        this.rules = rules;
    }

    /// This node is the active controller now. The first check is due after a whole interval: brokers may just be
    /// coming
    /// back.
    public void activate(long nowMillis) {
        deactivate();
        if (rules.enabled()) {
            nextCheckMillis = OptionalLong.of(nowMillis + rules.intervalMillis());
        }
    }

    public void deactivate() {
        waiting.clear();
        underWay = false;
        nextCheckMillis = OptionalLong.empty();
    }

    /// The elections to propose now: none while others are under way. Each batch is to be followed by [#ended].
    public List<TopicPartition> tick(MetadataImage image, long nowMillis) {
        if (underWay || nextCheckMillis.isEmpty()) {
            return List.of();
        }
        if (waiting.isEmpty() && nowMillis >= nextCheckMillis.getAsLong()) {
            nextCheckMillis = OptionalLong.of(nowMillis + rules.intervalMillis());
            waiting.addAll(elections(image, rules.percentMax()));
        }
        var batch = new ArrayList<TopicPartition>();
        while (!waiting.isEmpty() && batch.size() < MetadataLimits.ELECTIONS_PER_COMMAND_MAX) {
            batch.add(waiting.remove());
        }
        underWay = !batch.isEmpty();
        return batch;
    }

    /// The last batch was answered, or came to nothing: then the rest waits for the next check.
    public void ended(boolean answered) {
        underWay = false;
        if (!answered) {
            waiting.clear();
        }
    }

    private static final class Preference {
        int partitions;
        int ledByOthers;
        final List<TopicPartition> possible = new ArrayList<>();

        boolean isOutOfBalance(int percentMax) {
            return ledByOthers * 100L > (long) partitions * percentMax;
        }
    }

    /// All elections that are due, in the order of the topics.
    static List<TopicPartition> elections(MetadataImage image, int percentMax) {
        Map<BrokerId, Preference> preferences = new HashMap<>();
        for (var topic : image.topics()) {
            for (var partition : topic.partitions()) {
                var preferred = partition.replicas().getFirst();
                var preference = preferences.computeIfAbsent(preferred, _ -> new Preference());
                preference.partitions++;
                if (!partition.leader().equals(Optional.of(preferred))) {
                    preference.ledByOthers++;
                    if (canLead(image, partition, preferred)) {
                        preference.possible.add(new TopicPartition(topic.id(), partition.partition()));
                    }
                }
            }
        }
        return image.brokers().stream()
                .flatMap(broker -> Optional.ofNullable(preferences.get(broker.id())).stream())
                .filter(preference -> preference.isOutOfBalance(percentMax))
                .flatMap(preference -> preference.possible.stream())
                .toList();
    }

    private static boolean canLead(MetadataImage image, PartitionImage partition, BrokerId preferred) {
        return partition.inSyncReplicas().contains(preferred)
                && image.broker(preferred)
                        .filter(broker -> !broker.fenced() && !broker.draining())
                        .isPresent();
    }
}
