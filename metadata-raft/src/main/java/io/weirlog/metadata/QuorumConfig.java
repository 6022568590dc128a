package io.weirlog.metadata;

import io.weirlog.common.BrokerId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/// How a node takes part in the metadata quorum.
///
/// @param directory the quorum's own, made if it is missing
/// @param nodeId one of `voters`
/// @param voters all of them with the names and ports by which they find each other; use names that move with
///     the node
/// @param bind where to listen for the other voters; port 0 takes any free one, which only a single voter can
///     do
public record QuorumConfig(
        Path directory, UUID clusterId, BrokerId nodeId, List<Voter> voters, Endpoint bind, Tuning tuning) {
    public record Voter(BrokerId id, Endpoint address) {}

    /// @param snapshotEntries log entries between two snapshots
    /// @param logSegmentBytesMax size at which the log begins a new file
    /// @param proposalTimeout how long a proposal may take before its outcome is given up on
    public record Tuning(long snapshotEntries, int logSegmentBytesMax, Duration proposalTimeout) {
        public static final Tuning DEFAULT = new Tuning(50_000, 8 << 20, Duration.ofSeconds(10));

        public Tuning {
            require(snapshotEntries >= 1, "snapshotEntries is at least 1");
            require(logSegmentBytesMax >= 4096, "logSegmentBytesMax is at least 4096");
            require(proposalTimeout.isPositive(), "proposalTimeout is positive");
        }
    }

    /// @throws IllegalArgumentException if the parts contradict each other
    public QuorumConfig {
        voters = List.copyOf(voters);
        var own = nodeId;
        require(voters.stream().anyMatch(voter -> voter.id().equals(own)), "node " + own + " is no voter");
        require(voters.stream().map(Voter::id).distinct().count() == voters.size(), "a voter is named twice");
        require(voters.size() == 1 || bind.port() != 0, "one of several voters needs a fixed port");
    }

    /// A quorum of one node that nobody else talks to.
    public static QuorumConfig single(Path directory, UUID clusterId, BrokerId nodeId) {
        var anyPort = new Endpoint("localhost", 0);
        return new QuorumConfig(
                directory, clusterId, nodeId, List.of(new Voter(nodeId, anyPort)), anyPort, Tuning.DEFAULT);
    }

    public QuorumConfig with(Tuning changed) {
        return new QuorumConfig(directory, clusterId, nodeId, voters, bind, changed);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException("metadata quorum: " + message);
        }
    }
}
