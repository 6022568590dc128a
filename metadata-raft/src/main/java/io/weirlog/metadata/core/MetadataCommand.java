package io.weirlog.metadata.core;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.Endpoint;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/// What can be asked of the metadata. A command is plain data from a client or a node: it may be nonsense, and
/// the machine then refuses it. Time, randomness and defaults are in it already, put there by its proposer, so
/// that every voter computes the same.
public sealed interface MetadataCommand {
    RequestId requestId();

    /// Makes a broker known, or known again after a restart.
    ///
    /// @param incarnation drawn anew by each start of the broker's process
    /// @param endpoints addresses by the listener's name: `client`, `internal`, `raft`
    /// @param fenced whether the broker stays out of service until it is unfenced
    /// @param cleanlyStopped the epoch of the life that ended with everything flushed, if the broker has a record
    ///     of that: only then it is still trusted to have all that it acknowledged (R10, KIP-966)
    record RegisterBroker(
            RequestId requestId,
            BrokerId brokerId,
            UUID incarnation,
            Optional<String> rack,
            Map<String, Endpoint> endpoints,
            boolean fenced,
            Optional<BrokerEpoch> cleanlyStopped)
            implements MetadataCommand {
        public RegisterBroker {
            endpoints = Map.copyOf(endpoints);
        }

        /// A broker that cannot vouch for how its former life ended.
        public RegisterBroker(
                RequestId requestId,
                BrokerId brokerId,
                UUID incarnation,
                Optional<String> rack,
                Map<String, Endpoint> endpoints,
                boolean fenced) {
            this(requestId, brokerId, incarnation, rack, endpoints, fenced, Optional.empty());
        }
    }

    /// Takes a broker out of service: it is gone, or stops right now.
    record FenceBroker(RequestId requestId, BrokerId brokerId, BrokerEpoch epoch) implements MetadataCommand {}

    /// Puts a broker into service, or back into it: also the way to call off a drain.
    record UnfenceBroker(RequestId requestId, BrokerId brokerId, BrokerEpoch epoch) implements MetadataCommand {}

    /// Begins a controlled shutdown: the broker's leaderships move where another in-sync replica can take over,
    /// at once or as soon as one can. It stays in sync until it is fenced, so that nothing is acknowledged by
    /// fewer replicas than need be.
    record DrainBroker(RequestId requestId, BrokerId brokerId, BrokerEpoch epoch) implements MetadataCommand {}

    /// Forgets a fenced broker that holds no replicas.
    record UnregisterBroker(RequestId requestId, BrokerId brokerId, BrokerEpoch epoch) implements MetadataCommand {}

    /// Changes the in-sync sets of partitions that one broker leads, each by a compare-and-set of its own (R9).
    ///
    /// @param leader who asks
    /// @param leaderBrokerEpoch of its registration
    /// @param changes at most [MetadataLimits#ISR_CHANGES_PER_COMMAND_MAX]
    record AlterIsr(RequestId requestId, BrokerId leader, BrokerEpoch leaderBrokerEpoch, List<IsrChange> changes)
            implements MetadataCommand {
        public AlterIsr {
            changes = List.copyOf(changes);
        }
    }

    /// Lets the preferred leaders of these partitions lead again, where they are in sync and in service.
    ///
    /// @param partitions at most [MetadataLimits#ELECTIONS_PER_COMMAND_MAX]
    record ElectPreferredLeaders(RequestId requestId, List<TopicPartition> partitions) implements MetadataCommand {
        public ElectPreferredLeaders {
            partitions = List.copyOf(partitions);
        }
    }

    /// Gives a broker a block of [MetadataLimits#PRODUCER_ID_BLOCK_IDS] producer ids that nobody else has.
    record AllocateProducerIds(RequestId requestId, BrokerId brokerId, BrokerEpoch epoch) implements MetadataCommand {}

    /// @param topicId drawn by the proposer, never to be used again: data on disk is known by it (M4)
    /// @param configs explicit configs by key, see [TopicConfigs]
    record CreateTopic(
            RequestId requestId,
            String name,
            TopicId topicId,
            int partitions,
            int replicationFactor,
            Map<String, String> configs)
            implements MetadataCommand {
        public CreateTopic {
            // Sorted, so that the problems found are always told in the same order.
            configs = Collections.unmodifiableMap(new TreeMap<>(configs));
        }
    }

    record DeleteTopic(RequestId requestId, TopicRef topic) implements MetadataCommand {
        public DeleteTopic(RequestId requestId, String name) {
            this(requestId, new TopicRef.ByName(name));
        }

        public DeleteTopic(RequestId requestId, TopicId id) {
            this(requestId, new TopicRef.ById(id));
        }
    }
}
