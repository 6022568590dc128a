package io.weirlog.metadata.ratis;

import io.weirlog.metadata.QuorumRole;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.jspecify.annotations.Nullable;

/// What this node is, read from Raft itself: its notices come on several threads and may overtake one another,
/// so they only say that it is time to look.
final class Roles {
    private static final int READS_MAX = 10;

    private Roles() {}

    static QuorumRole of(RaftServer.Division division) {
        var info = division.getInfo();
        if (!info.isAlive() || !votes(division)) {
            return new QuorumRole.NotVoter();
        }
        for (int read = 1; read <= READS_MAX; read++) {
            long term = info.getCurrentTerm();
            boolean active = info.isLeader() && info.isLeaderReady();
            if (term == info.getCurrentTerm()) {
                return active ? new QuorumRole.Active(term) : following(info.getLeaderId(), division.getId());
            }
        }
        return new QuorumRole.Searching();
    }

    /// Whether this node is among the newest voters that it knows of.
    static boolean votes(RaftServer.Division division) {
        return division.getRaftConf().getCurrentPeers().stream()
                .anyMatch(peer -> peer.getId().equals(division.getId()));
    }

    private static QuorumRole following(@Nullable RaftPeerId leader, RaftPeerId self) {
        return leader == null || leader.equals(self)
                ? new QuorumRole.Searching()
                : new QuorumRole.Following(RatisMembership.brokerId(leader));
    }
}
