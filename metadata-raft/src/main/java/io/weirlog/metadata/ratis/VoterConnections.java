package io.weirlog.metadata.ratis;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.ratis.SilentVoters.Sight;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Replaces connections to voters that are silent, as [SilentVoters] says. Ratis itself waits for a connection to
/// break.
final class VoterConnections implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(VoterConnections.class);
    private static final long LOOK_MILLIS = 250;

    private final RaftServer server;
    private final RaftGroupId groupId;
    private final SilentVoters decision = new SilentVoters();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("metadata-connections").factory());
    /// Those whose silence was told.
    private final Set<BrokerId> told = new HashSet<>();

    private VoterConnections(RaftServer server, RaftGroupId groupId) {
        this.server = server;
        this.groupId = groupId;
    }

    static VoterConnections watch(RaftServer server, RaftGroupId groupId) {
        var connections = new VoterConnections(server, groupId);
        var _ = connections.timer.scheduleWithFixedDelay(
                connections::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
        return connections;
    }

    private void look() {
        try {
            var sight = sight(server.getDivision(groupId));
            tell(sight);
            decision.step(TimeUnit.NANOSECONDS.toMillis(System.nanoTime()), sight)
                    .forEach(this::replace);
        } catch (IOException e) {
            LOG.debug("nothing to watch: the quorum member is closed");
        } catch (RuntimeException e) {
            LOG.warn("cannot see whether connections to other voters have died", e);
        }
    }

    private static Sight sight(RaftServer.Division division) {
        var info = division.getInfo();
        if (!info.isAlive() || !Roles.votes(division)) {
            return new Sight.Follows();
        }
        if (info.isLeader()) {
            try {
                Map<BrokerId, Long> silence = new HashMap<>();
                for (var follower : info.getRoleInfoProto().getLeaderInfo().getFollowerInfoList()) {
                    var id = RaftPeerId.valueOf(follower.getId().getId());
                    silence.put(RatisMembership.brokerId(id), follower.getLastRpcElapsedTimeMs());
                }
                return new Sight.Leads(silence);
            } catch (IllegalStateException e) {
                return new Sight.Follows(); // A new term began, or it leads no longer: the next look tells.
            }
        }
        if (info.getLeaderId() != null) {
            return new Sight.Follows();
        }
        return new Sight.Searches(division.getRaftConf().getAllPeers(RaftPeerRole.FOLLOWER).stream()
                .map(RaftPeer::getId)
                .filter(id -> !id.equals(division.getId()))
                .map(RatisMembership::brokerId)
                .collect(Collectors.toSet()));
    }

    /// Once when a voter falls silent, and once when it answers again.
    private void tell(Sight sight) {
        if (sight instanceof Sight.Leads(var silenceMillis)) {
            told.retainAll(silenceMillis.keySet());
            silenceMillis.forEach((voter, millis) -> {
                if (millis >= SilentVoters.SILENCE_MILLIS_MAX) {
                    if (told.add(voter)) {
                        LOG.warn(
                                "controller {} has not answered for {} ms: connects to it anew until it does",
                                voter,
                                millis);
                    }
                } else if (told.remove(voter)) {
                    LOG.info("controller {} answers again", voter);
                }
            });
        } else {
            told.clear();
        }
    }

    private void replace(BrokerId voter) {
        LOG.debug("replaces the connections to controller {}", voter);
        // What is under way on the former ones may end for some seconds, and this waits for it.
        Thread.ofVirtual()
                .name("metadata-connection-" + voter)
                .start(() -> server.getServerRpc()
                        .handleException(RatisMembership.peerId(voter), new IOException("the voter is silent"), true));
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
