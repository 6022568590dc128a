package io.weirlog.cli;

import io.weirlog.client.TopicDescription;
import io.weirlog.client.WeirlogClient;
import java.util.Optional;

/// Tells of a misspelt topic at once. Producers and consumers would wait for one that may just have been created.
final class TopicCheck {
    private TopicCheck() {}

    /// @param partition the one that is meant, if it is one
    static void require(WeirlogClient client, String topic, Optional<Integer> partition) throws CommandFailed {
        var description = client.admin().describeTopic(topic);
        if (partition.isPresent()) {
            partition(description, partition.get());
        }
    }

    static void partition(TopicDescription topic, int partition) throws CommandFailed {
        int partitions = topic.partitions().size();
        if (partition < 0 || partition >= partitions) {
            throw new CommandFailed("topic " + topic.name() + " has " + Quantities.count(partitions, "partition")
                    + ", numbered from 0: " + partition + " is none of them");
        }
    }
}
