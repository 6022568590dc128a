package io.weirlog.server.replication;

import com.google.protobuf.ByteString;
import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.internal.v1.FollowAck;
import io.weirlog.internal.v1.FollowAcks;
import io.weirlog.internal.v1.FollowClose;
import io.weirlog.internal.v1.FollowCredit;
import io.weirlog.internal.v1.FollowOpen;
import io.weirlog.internal.v1.FollowRequest;
import io.weirlog.replication.core.FollowerMessage;
import io.weirlog.replication.core.StreamSession;
import io.weirlog.replication.link.ToLeader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a follower's broker says, as protobuf. A stream's two ends have one of their own each, which knows the aliases.
final class FollowRequests {
    private static final int TOPIC_ID_BYTES = 16;

    private final Aliases aliases;

    FollowRequests(Aliases aliases) {
        this.aliases = aliases;
    }

    /// What the sender made of nonsense.
    static final class Malformed extends Exception {
        private static final long serialVersionUID = 1;

        Malformed(String message) {
            super(message);
        }
    }

    /// Acknowledgements that follow one another travel together. What concerns a partition that was never opened on
    /// this stream is left out: it belongs to a stream before.
    List<FollowRequest> encode(List<ToLeader> messages) {
        var encoded = new ArrayList<FollowRequest>();
        var acks = new ArrayList<FollowAck>();
        for (var message : messages) {
            switch (message) {
                case ToLeader.Credit(var bytes) ->
                    encoded.add(FollowRequest.newBuilder()
                            .setCredit(FollowCredit.newBuilder().setBytes(bytes))
                            .build());
                case ToLeader.Say(var partition, FollowerMessage.Open open) -> {
                    flush(acks, encoded);
                    encoded.add(FollowRequest.newBuilder()
                            .setOpen(open(partition, open))
                            .build());
                }
                case ToLeader.Say(var partition, FollowerMessage.Ack(var session, var end)) ->
                    aliases.of(partition)
                            .ifPresent(alias -> acks.add(FollowAck.newBuilder()
                                    .setAlias(alias)
                                    .setSession(session.value())
                                    .setEnd(end.value())
                                    .build()));
                case ToLeader.Say(var partition, FollowerMessage.Close(var session)) -> {
                    flush(acks, encoded);
                    aliases.of(partition)
                            .ifPresent(alias -> encoded.add(FollowRequest.newBuilder()
                                    .setClose(FollowClose.newBuilder()
                                            .setAlias(alias)
                                            .setSession(session.value()))
                                    .build()));
                }
            }
        }
        flush(acks, encoded);
        return encoded;
    }

    private static void flush(List<FollowAck> acks, List<FollowRequest> encoded) {
        if (!acks.isEmpty()) {
            encoded.add(FollowRequest.newBuilder()
                    .setAcks(FollowAcks.newBuilder().addAllAcks(acks))
                    .build());
            acks.clear();
        }
    }

    private FollowOpen open(TopicPartition partition, FollowerMessage.Open open) {
        var encoded = FollowOpen.newBuilder()
                .setAlias(aliases.draw(partition))
                .setTopicId(ByteString.copyFrom(partition.topicId().toBytes()))
                .setPartition(partition.partition())
                .setSession(open.session().value())
                .setLeaderEpoch(open.leaderEpoch().value())
                .setBrokerEpoch(open.brokerEpoch().value())
                .setLogEnd(open.logEnd().value());
        open.lastEpoch().ifPresent(epoch -> encoded.setLastEpoch(epoch.value()));
        return encoded.build();
    }

    /// @throws Malformed if it cannot be what a follower says at this place
    List<ToLeader> decode(FollowRequest request) throws Malformed {
        return switch (request.getRequestCase()) {
            case OPEN -> List.of(open(request.getOpen()));
            case ACKS -> acks(request.getAcks());
            case CLOSE ->
                List.of(new ToLeader.Say(
                        known(request.getClose().getAlias()),
                        new FollowerMessage.Close(session(request.getClose().getSession()))));
            case CREDIT -> {
                if (request.getCredit().getBytes() <= 0) {
                    throw new Malformed("a credit of " + request.getCredit().getBytes() + " bytes");
                }
                yield List.of(new ToLeader.Credit(request.getCredit().getBytes()));
            }
            case INITIAL, REQUEST_NOT_SET -> throw new Malformed("a " + request.getRequestCase() + " within a stream");
        };
    }

    private ToLeader open(FollowOpen open) throws Malformed {
        if (open.getTopicId().size() != TOPIC_ID_BYTES
                || open.getPartition() < 0
                || open.getLeaderEpoch() < 0
                || open.getBrokerEpoch() < 0
                || (open.hasLastEpoch() && open.getLastEpoch() < 0)) {
            throw new Malformed("an opening with a number that cannot be");
        }
        var partition = new TopicPartition(TopicId.fromBytes(open.getTopicId().toByteArray()), open.getPartition());
        if (!aliases.learn(open.getAlias(), partition)) {
            throw new Malformed(
                    "alias " + open.getAlias() + " stands for another partition already, or is one too many");
        }
        return new ToLeader.Say(
                partition,
                new FollowerMessage.Open(
                        session(open.getSession()),
                        new LeaderEpoch(open.getLeaderEpoch()),
                        new BrokerEpoch(open.getBrokerEpoch()),
                        open.hasLastEpoch() ? Optional.of(new LeaderEpoch(open.getLastEpoch())) : Optional.empty(),
                        offset(open.getLogEnd())));
    }

    private List<ToLeader> acks(FollowAcks acks) throws Malformed {
        var decoded = new ArrayList<ToLeader>(acks.getAcksCount());
        for (var ack : acks.getAcksList()) {
            decoded.add(new ToLeader.Say(
                    known(ack.getAlias()), new FollowerMessage.Ack(session(ack.getSession()), offset(ack.getEnd()))));
        }
        return decoded;
    }

    private TopicPartition known(int alias) throws Malformed {
        return aliases.partition(alias)
                .orElseThrow(() -> new Malformed("alias " + alias + " was not opened on this stream"));
    }

    static StreamSession session(long value) throws Malformed {
        if (value < 0) {
            throw new Malformed("a session " + value);
        }
        return new StreamSession(value);
    }

    static Offset offset(long value) throws Malformed {
        if (value < 0) {
            throw new Malformed("an offset " + value);
        }
        return new Offset(value);
    }
}
