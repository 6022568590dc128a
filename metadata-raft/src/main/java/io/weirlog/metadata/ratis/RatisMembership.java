package io.weirlog.metadata.ratis;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.MembershipResult;
import io.weirlog.metadata.MembershipResult.Reason;
import io.weirlog.metadata.QuorumConfig.Voter;
import io.weirlog.metadata.QuorumDescription;
import io.weirlog.metadata.QuorumDescription.Member;
import io.weirlog.metadata.QuorumDescription.Progress;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.proto.RaftProtos.ServerRpcProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.protocol.exceptions.LeaderNotReadyException;
import org.apache.ratis.protocol.exceptions.LeaderSteppingDownException;
import org.apache.ratis.protocol.exceptions.ReconfigurationInProgressException;
import org.apache.ratis.protocol.exceptions.ReconfigurationTimeoutException;
import org.apache.ratis.protocol.exceptions.SetConfigurationException;
import org.apache.ratis.server.RaftServer;
import org.jspecify.annotations.Nullable;

/// Who votes: asked of Ratis, and changed through it.
final class RatisMembership {
    /// How often the leader's followers are read again if they change meanwhile.
    private static final int READS_MAX = 5;

    private final RaftServer server;
    private final RaftGroupId groupId;
    private final RaftPeerId ownId;
    private final ClientId clientId = ClientId.randomId();
    private final AtomicLong callIds = new AtomicLong();

    RatisMembership(RaftServer server, RaftGroupId groupId, RaftPeerId ownId) {
        this.server = server;
        this.groupId = groupId;
        this.ownId = ownId;
    }

    static RaftPeerId peerId(BrokerId id) {
        return RaftPeerId.valueOf(Integer.toString(id.value()));
    }

    static BrokerId brokerId(RaftPeerId id) {
        return new BrokerId(Integer.parseInt(id.toString()));
    }

    static RaftPeer peer(Voter voter) {
        return RaftPeer.newBuilder()
                .setId(peerId(voter.id()))
                .setAddress(voter.address().toString())
                .build();
    }

    private static Endpoint endpoint(String address) {
        int colon = address.lastIndexOf(':');
        var host = address.substring(0, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        return new Endpoint(
                bracketed ? host.substring(1, host.length() - 1) : host,
                Integer.parseInt(address.substring(colon + 1)));
    }

    QuorumDescription describe(RaftServer.Division division) {
        var log = division.getRaftLog();
        long logEnd = log.getNextIndex();
        var progress = progress(division, logEnd);
        var voters = new ArrayList<Member>();
        var ids = new HashSet<RaftPeerId>();
        for (var peer : division.getRaftConf().getAllPeers(RaftPeerRole.FOLLOWER)) {
            ids.add(peer.getId());
            voters.add(member(peer.getId(), peer.getAddress(), progress));
        }
        var joining = progress.entrySet().stream()
                .filter(follower -> !ids.contains(follower.getKey()))
                .map(follower -> member(follower.getKey(), follower.getValue().address(), progress))
                .sorted(Comparator.comparing(Member::id))
                .toList();
        voters.sort(Comparator.comparing(Member::id));
        return new QuorumDescription(
                brokerId(ownId),
                Optional.ofNullable(division.getInfo().getLeaderId()).map(RatisMembership::brokerId),
                division.getInfo().getCurrentTerm(),
                logEnd,
                log.getLastCommittedIndex() + 1,
                voters,
                joining);
    }

    private static Member member(RaftPeerId id, String address, Map<RaftPeerId, Follower> progress) {
        return new Member(
                brokerId(id),
                endpoint(address),
                Optional.ofNullable(progress.get(id)).map(Follower::progress));
    }

    private record Follower(String address, Progress progress) {}

    /// Empty unless this node leads. Ratis gives its parts one by one, and they may change in between.
    private Map<RaftPeerId, Follower> progress(RaftServer.Division division, long logEnd) {
        for (int read = 1; read <= READS_MAX; read++) {
            var matching = division.getInfo().getFollowerMatchIndices();
            var next = division.getInfo().getFollowerNextIndices();
            if (matching == null || next == null) {
                return Map.of();
            }
            List<ServerRpcProto> infos;
            try {
                infos = division.getInfo().getRoleInfoProto().getLeaderInfo().getFollowerInfoList();
            } catch (IllegalStateException e) {
                continue; // A new term began.
            }
            if (infos.size() != matching.length || infos.size() != next.length) {
                continue;
            }
            var followers = new HashMap<RaftPeerId, Follower>();
            for (int i = 0; i < infos.size(); i++) {
                var peer = infos.get(i).getId();
                long matchEnd = Math.min(matching[i] + 1, logEnd);
                var contact = Duration.ofMillis(Math.max(0, infos.get(i).getLastRpcElapsedTimeMs()));
                followers.put(
                        RaftPeerId.valueOf(peer.getId()),
                        new Follower(peer.getAddress(), new Progress(matchEnd, next[i], logEnd - matchEnd, contact)));
            }
            var self = new Progress(logEnd, logEnd, 0, Duration.ZERO);
            followers.put(ownId, new Follower(division.getPeer().getAddress(), self));
            return followers;
        }
        return Map.of();
    }

    /// Changes the voters from exactly `current` to `next`.
    CompletableFuture<MembershipResult> set(List<Voter> current, List<Voter> next) {
        var arguments = SetConfigurationRequest.Arguments.newBuilder()
                .setServersInCurrentConf(
                        current.stream().map(RatisMembership::peer).toList())
                .setServersInNewConf(next.stream().map(RatisMembership::peer).toList())
                .setMode(SetConfigurationRequest.Mode.COMPARE_AND_SET)
                .build();
        var request = new SetConfigurationRequest(clientId, ownId, groupId, callIds.incrementAndGet(), arguments);
        CompletableFuture<RaftClientReply> reply;
        try {
            reply = server.setConfigurationAsync(request);
        } catch (IOException | RuntimeException e) {
            reply = CompletableFuture.failedFuture(e);
        }
        return reply.handle((answer, error) -> {
            if (answer != null && answer.isSuccess()) {
                return new MembershipResult.Done(
                        next.stream().map(Voter::id).sorted().toList());
            }
            return result(cause(answer, error));
        });
    }

    private static MembershipResult result(@Nullable Throwable cause) {
        return switch (cause) {
            case ReconfigurationTimeoutException _ ->
                new MembershipResult.Refused(
                        Reason.JOINER_UNREACHABLE,
                        "the new voter does not answer, or does not catch up; start it with an empty metadata folder,"
                                + " see that the others reach its raft port under the name given, and try again");
            case ReconfigurationInProgressException _ ->
                new MembershipResult.Refused(
                        Reason.CHANGE_UNDER_WAY, "another change of the voters is under way; wait for it");
            case SetConfigurationException _ ->
                new MembershipResult.Refused(
                        Reason.CHANGE_UNDER_WAY, "the voters have changed meanwhile; look at them and try again");
            case LeaderNotReadyException _ -> new MembershipResult.NotActive(Optional.empty());
            case LeaderSteppingDownException _ -> new MembershipResult.NotActive(Optional.empty());
            case null -> new MembershipResult.Unknown("Raft gave no answer");
            default -> new MembershipResult.Unknown("the change was interrupted: " + cause);
        };
    }

    private static @Nullable Throwable cause(@Nullable RaftClientReply answer, @Nullable Throwable error) {
        var cause = answer != null ? answer.getException() : error;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    /// Lets `heir` lead in place of this node.
    ///
    /// @return whether it does
    CompletableFuture<Boolean> handOver(BrokerId heir, Duration timeout) {
        var request = new TransferLeadershipRequest(
                clientId, ownId, groupId, callIds.incrementAndGet(), peerId(heir), timeout.toMillis());
        CompletableFuture<RaftClientReply> reply;
        try {
            reply = server.transferLeadershipAsync(request);
        } catch (IOException | RuntimeException e) {
            reply = CompletableFuture.failedFuture(e);
        }
        return reply.handle((answer, error) -> answer != null && answer.isSuccess());
    }
}
