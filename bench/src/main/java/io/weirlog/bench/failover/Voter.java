package io.weirlog.bench.failover;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.MetadataQuorum;
import io.weirlog.metadata.QuorumConfig;
import io.weirlog.metadata.QuorumRole;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.metadata.core.TopicRef;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.UUID;

/// The process that is killed: a voter that says on standard output what it is. When it becomes active it puts one
/// command to the metadata, as its first client would.
final class Voter {
    static final String ANSWERED = "answered";
    static final String FOLLOWING = "following";

    private static final UUID CLUSTER = new UUID(0, 1);

    private Voter() {}

    /// @param arguments folder, own id, and all voters as `ID@HOST:PORT,...`
    public static void main(String[] arguments) throws Exception {
        var id = new BrokerId(Integer.parseInt(arguments[1]));
        var voters =
                Arrays.stream(arguments[2].split(",", -1)).map(Voter::voter).toList();
        var own = voters.stream()
                .filter(voter -> voter.id().equals(id))
                .findFirst()
                .orElseThrow();
        var quorum = MetadataQuorum.start(new QuorumConfig(
                Path.of(arguments[0]), CLUSTER, id, voters, own.address(), QuorumConfig.Tuning.DEFAULT));
        quorum.onRoleChange(role -> roleChanged(quorum, role));
        var failure = quorum.failure().join();
        throw new IllegalStateException("the voter stopped", failure);
    }

    private static QuorumConfig.Voter voter(String text) {
        var parts = text.split("[@:]", -1);
        return new QuorumConfig.Voter(
                new BrokerId(Integer.parseInt(parts[0])), new Endpoint(parts[1], Integer.parseInt(parts[2])));
    }

    private static void roleChanged(MetadataQuorum quorum, QuorumRole role) {
        switch (role) {
            case QuorumRole.Active _ -> {
                // Refused, for there is no such topic; but committed and answered.
                var command = new MetadataCommand.DeleteTopic(
                        new RequestId(UUID.randomUUID()), new TopicRef.ById(new TopicId(UUID.randomUUID())));
                var _ = quorum.client().propose(command).thenRun(() -> System.out.println(ANSWERED));
            }
            case QuorumRole.Following _ -> System.out.println(FOLLOWING);
            case QuorumRole.Searching _, QuorumRole.NotVoter _ -> {}
        }
    }
}
