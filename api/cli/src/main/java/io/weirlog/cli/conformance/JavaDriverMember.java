package io.weirlog.cli.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.weirlog.client.ConsumerRecord;
import io.weirlog.client.GroupConsumer;
import io.weirlog.client.GroupOptions;
import io.weirlog.client.GroupPosition;
import io.weirlog.client.PartitionRef;
import io.weirlog.client.RebalanceListener;
import io.weirlog.client.StartAt;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// A consumer of the Java driver in a group. It commits when it is told to, and what it was given then.
final class JavaDriverMember extends JavaDriverConsumer {
    private final GroupConsumer consumer;
    private final Changes changes;

    private JavaDriverMember(GroupConsumer consumer, Changes changes) {
        super(consumer);
        this.consumer = consumer;
        this.changes = changes;
    }

    static JavaDriverMember join(WeirlogClient client, JsonObject command) throws UnsupportedByDriver {
        var changes = new Changes();
        var options = GroupOptions.builder(command.get("group").getAsString())
                .topic(command.get("topic").getAsString())
                .manualCommits()
                .listener(changes);
        var start = JavaDriver.startAt(command.get("from"));
        if (start instanceof StartAt.AtOffset) {
            throw new UnsupportedByDriver("the client's groups begin at no fixed offset");
        }
        options.start(start);
        if (command.has("instance")) {
            options.instanceId(command.get("instance").getAsString());
        }
        var consumer = client.groupConsumer(options.build());
        try {
            var member = new JavaDriverMember(consumer, changes);
            member.pollUntil(() -> consumer.memberId().isPresent());
            return member;
        } catch (WeirlogException e) {
            consumer.close();
            throw e;
        }
    }

    @Override
    void next(JsonObject command, JsonObject answer) {
        try {
            if (!hasBuffered() && changes.isEmpty()) {
                poll(wait(command));
            }
        } finally {
            // Whoever fails may have lost partitions.
            boolean anyRevoked = changes.tell(answer);
            give(anyRevoked ? 0 : max(command), answer);
        }
    }

    @Override
    void given(ConsumerRecord record) {
        changes.given.put(record.partitionRef(), GroupPosition.after(record));
    }

    @Override
    void commit() {
        consumer.commit(changes.given);
    }

    @Override
    void seek(PartitionRef partition, StartAt position) {
        changes.given.remove(partition);
        super.seek(partition, position);
    }

    /// What is to be told of partitions. All that a poll tells came before the records that it returns. In an answer
    /// what was revoked comes after the records: so these, and what was assigned later, are for the next answer.
    private static final class Changes implements RebalanceListener {
        private final Set<Integer> assigned = new TreeSet<>();
        private final Set<Integer> revoked = new TreeSet<>();
        private final Set<Integer> assignedLater = new TreeSet<>();
        /// Where the group is to go on, of the partitions that it has.
        private final Map<PartitionRef, GroupPosition> given = new HashMap<>();

        boolean isEmpty() {
            return assigned.isEmpty() && revoked.isEmpty();
        }

        /// @return whether something was revoked
        boolean tell(JsonObject answer) {
            answer.add("assigned", array(assigned));
            answer.add("revoked", array(revoked));
            boolean anyRevoked = !revoked.isEmpty();
            revoked.clear();
            assigned.clear();
            assigned.addAll(assignedLater);
            assignedLater.clear();
            return anyRevoked;
        }

        private static JsonArray array(Set<Integer> partitions) {
            var array = new JsonArray();
            partitions.forEach(array::add);
            return array;
        }

        @Override
        public void onAssigned(GroupConsumer member, Set<PartitionRef> partitions) {
            var to = revoked.isEmpty() ? assigned : assignedLater;
            partitions.forEach(partition -> to.add(partition.partition()));
        }

        @Override
        public void onRevoked(GroupConsumer member, Set<PartitionRef> partitions) {
            for (var partition : partitions) {
                given.remove(partition);
                if (!assignedLater.remove(partition.partition())) {
                    revoked.add(partition.partition());
                }
            }
        }

        @Override
        public void onLost(GroupConsumer member, Set<PartitionRef> partitions) {
            onRevoked(member, partitions);
        }
    }
}
