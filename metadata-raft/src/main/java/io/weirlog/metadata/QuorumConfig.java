package io.weirlog.metadata;

import io.weirlog.common.BrokerId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// How a node takes part in the metadata quorum.
///
/// @param directory the quorum's own, made if it is missing
/// @param voters those who form the quorum at the very first start, the same list on each of them, with the
///     names and ports by which they find each other. Use names that move with the node: the address of a voter
///     never changes. From then on the log says who votes, whatever stands here. A node that is not among them
///     joins: it starts empty, and waits to be added.
/// @param bind where to listen for the other voters; port 0 takes any free one, which only a single voter can
///     do
/// @param tls how the connections between voters are secured; absent: they are not
public record QuorumConfig(
        Path directory,
        UUID clusterId,
        BrokerId nodeId,
        List<Voter> voters,
        Endpoint bind,
        Tuning tuning,
        Optional<QuorumTls> tls) {
    /// Without TLS.
    public QuorumConfig(
            Path directory, UUID clusterId, BrokerId nodeId, List<Voter> voters, Endpoint bind, Tuning tuning) {
        this(directory, clusterId, nodeId, voters, bind, tuning, Optional.empty());
    }

    public record Voter(BrokerId id, Endpoint address) {}

    /// @param snapshotEntries log entries between two snapshots
    /// @param logSegmentBytesMax size at which the log begins a new file
    /// @param proposalTimeout how long a proposal may take before its outcome is given up on
    /// @param stateCheckEntries log entries between two comparisons of the voters' states
    public record Tuning(
            long snapshotEntries, int logSegmentBytesMax, Duration proposalTimeout, long stateCheckEntries) {
        public static final Tuning DEFAULT = new Tuning(50_000, 8 << 20, Duration.ofSeconds(10));

        public Tuning(long snapshotEntries, int logSegmentBytesMax, Duration proposalTimeout) {
            this(snapshotEntries, logSegmentBytesMax, proposalTimeout, 10_000);
        }

        public Tuning {
            require(snapshotEntries >= 1, "snapshotEntries is at least 1");
            require(logSegmentBytesMax >= 4096, "logSegmentBytesMax is at least 4096");
            require(proposalTimeout.isPositive(), "proposalTimeout is positive");
            require(stateCheckEntries >= 1, "stateCheckEntries is at least 1");
        }
    }

    /// @throws IllegalArgumentException if the parts contradict each other
    public QuorumConfig {
        voters = List.copyOf(voters);
        require(voters.size() <= VoterRules.VOTERS_MAX, "at most " + VoterRules.VOTERS_MAX + " voters are allowed");
        require(voters.stream().map(Voter::id).distinct().count() == voters.size(), "a voter is named twice");
        require(isAlone(nodeId, voters) || bind.port() != 0, "one of several voters needs a fixed port");
    }

    /// Whether the node is not one of those who form the quorum, and so is added to it later.
    public boolean joins() {
        return voters.stream().noneMatch(voter -> voter.id().equals(nodeId));
    }

    private static boolean isAlone(BrokerId nodeId, List<Voter> voters) {
        return voters.size() == 1 && voters.getFirst().id().equals(nodeId);
    }

    /// Whether the node forms a quorum by itself.
    public boolean isAlone() {
        return isAlone(nodeId, voters);
    }

    /// A quorum of one node that nobody else talks to.
    public static QuorumConfig single(Path directory, UUID clusterId, BrokerId nodeId) {
        var anyPort = new Endpoint("localhost", 0);
        return new QuorumConfig(
                directory, clusterId, nodeId, List.of(new Voter(nodeId, anyPort)), anyPort, Tuning.DEFAULT);
    }

    public QuorumConfig with(Tuning changed) {
        return new QuorumConfig(directory, clusterId, nodeId, voters, bind, changed, tls);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException("metadata quorum: " + message);
        }
    }
}
