package io.weirlog.cli;

import io.weirlog.client.WeirlogClient;
import java.util.Optional;

/// Tells of a misspelt topic at once. Producers and consumers would wait for one that may just have been created.
final class TopicCheck {
    private TopicCheck() {}

    /// @param partition the one that is meant, if it is one
    static void require(WeirlogClient client, String topic, Optional<Integer> partition) throws CommandFailed {
        int partitions = client.admin().describeTopic(topic).partitions().size();
        if (partition.isPresent() && (partition.get() < 0 || partition.get() >= partitions)) {
            throw new CommandFailed("topic " + topic + " has " + Quantities.count(partitions, "partition")
                    + ", numbered from 0: " + partition.get() + " is none of them");
        }
    }
}
