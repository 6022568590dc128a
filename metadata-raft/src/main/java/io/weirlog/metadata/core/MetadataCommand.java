package io.weirlog.metadata.core;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.FeatureRange;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
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
    /// @param directories the ids of the folders that it keeps its logs in
    /// @param features the feature levels that it can work at
    record RegisterBroker(
            RequestId requestId,
            BrokerId brokerId,
            UUID incarnation,
            Optional<String> rack,
            Map<String, Endpoint> endpoints,
            boolean fenced,
            Optional<BrokerEpoch> cleanlyStopped,
            List<UUID> directories,
            FeatureRange features)
            implements MetadataCommand {
        public RegisterBroker {
            endpoints = Map.copyOf(endpoints);
            directories = List.copyOf(directories);
        }

        /// A broker of the first feature level that does not tell its folders apart.
        public RegisterBroker(
                RequestId requestId,
                BrokerId brokerId,
                UUID incarnation,
                Optional<String> rack,
                Map<String, Endpoint> endpoints,
                boolean fenced,
                Optional<BrokerEpoch> cleanlyStopped) {
            this(
                    requestId,
                    brokerId,
                    incarnation,
                    rack,
                    endpoints,
                    fenced,
                    cleanlyStopped,
                    List.of(),
                    FeatureRange.FIRST);
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

    /// Changes the in-sync sets of partitions that one broker leads, or takes it out of those of its partitions whose
    /// logs have failed: each by a compare-and-set of its own (R9).
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

    /// Elects leaders for these partitions, if that is needed and can be done.
    ///
    /// @param partitions at most [MetadataLimits#ELECTIONS_PER_COMMAND_MAX]
    record ElectLeaders(RequestId requestId, ElectionKind kind, List<TopicPartition> partitions)
            implements MetadataCommand {
        public ElectLeaders {
            partitions = List.copyOf(partitions);
        }
    }

    /// Moves partitions to other replicas, or calls that off. Each is decided by itself.
    ///
    /// @param moves at most [MetadataLimits#MOVES_PER_COMMAND_MAX]
    /// @param onlySettled refuses another target for what is on its way to one; otherwise the last one counts
    record AlterReassignments(RequestId requestId, List<ReplicaMove> moves, boolean onlySettled)
            implements MetadataCommand {
        public AlterReassignments {
            moves = List.copyOf(moves);
        }

        public AlterReassignments(RequestId requestId, List<ReplicaMove> moves) {
            this(requestId, moves, false);
        }
    }

    /// Gives a broker a block of [MetadataLimits#PRODUCER_ID_BLOCK_IDS] producer ids that nobody else has.
    record AllocateProducerIds(RequestId requestId, BrokerId brokerId, BrokerEpoch epoch) implements MetadataCommand {}

    record CreateTopic(RequestId requestId, NewTopic topic) implements MetadataCommand {
        /// A topic whose replicas the machine places.
        public CreateTopic(
                RequestId requestId,
                String name,
                TopicId topicId,
                int partitions,
                int replicationFactor,
                Map<String, String> configs) {
            this(requestId, new NewTopic(name, topicId, partitions, replicationFactor, configs));
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

    /// Creates topics, each decided by itself, in order.
    ///
    /// @param topics at most [MetadataLimits#TOPICS_PER_COMMAND_MAX]
    record CreateTopics(RequestId requestId, List<NewTopic> topics) implements MetadataCommand {
        public CreateTopics {
            topics = List.copyOf(topics);
        }
    }

    /// Deletes topics, each decided by itself, in order.
    ///
    /// @param topics at most [MetadataLimits#TOPICS_PER_COMMAND_MAX]
    record DeleteTopics(RequestId requestId, List<TopicRef> topics) implements MetadataCommand {
        public DeleteTopics {
            topics = List.copyOf(topics);
        }
    }

    /// Adds partitions to a topic, with its replication factor.
    ///
    /// @param partitions how many the topic is to have then: more than now
    /// @param replicas of each partition added, preferred leader first; empty to have them placed
    record CreatePartitions(RequestId requestId, TopicRef topic, int partitions, List<List<BrokerId>> replicas)
            implements MetadataCommand {
        public CreatePartitions {
            replicas = replicas.stream().map(List::copyOf).toList();
        }
    }

    /// Changes some of a topic's configs; the others stay.
    ///
    /// @param set values by key
    /// @param delete keys that go back to their defaults; one that has no value of its own stays so
    record AlterTopicConfigs(RequestId requestId, TopicRef topic, Map<String, String> set, Set<String> delete)
            implements MetadataCommand {
        public AlterTopicConfigs {
            // Sorted, so that the problems found are always told in the same order.
            set = Collections.unmodifiableMap(new TreeMap<>(set));
            delete = Collections.unmodifiableSet(new TreeSet<>(delete));
        }
    }

    /// Makes a member of the metadata quorum known to all nodes, or known anew after a restart.
    ///
    /// @param incarnation drawn anew by each start of the node's process
    /// @param endpoints addresses by the listener's name: `internal`, `raft`
    record RegisterController(
            RequestId requestId,
            BrokerId controllerId,
            UUID incarnation,
            Map<String, Endpoint> endpoints,
            FeatureRange features)
            implements MetadataCommand {
        public RegisterController {
            endpoints = Map.copyOf(endpoints);
        }
    }

    /// Forgets a member that has left the quorum.
    ///
    /// @param incarnation as it was known: a member that is back since is kept
    record UnregisterController(RequestId requestId, BrokerId controllerId, UUID incarnation)
            implements MetadataCommand {}

    /// Lets the cluster work at a higher feature level, which all its nodes must support; there is no way back.
    record FinalizeFeatureLevel(RequestId requestId, int level) implements MetadataCommand {}

    /// Changes nothing. Each voter keeps the hash of its state here, and compares the one that it kept at an
    /// earlier check with the proposer's: voters that disagree are found out (M2).
    record CheckState(RequestId requestId, Optional<StateHash> earlier) implements MetadataCommand {}
}
