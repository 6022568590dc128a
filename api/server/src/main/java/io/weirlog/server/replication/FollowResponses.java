package io.weirlog.server.replication;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.TopicPartition;
import io.weirlog.internal.v1.FollowAccepted;
import io.weirlog.internal.v1.FollowBatches;
import io.weirlog.internal.v1.FollowDiverged;
import io.weirlog.internal.v1.FollowHeartbeat;
import io.weirlog.internal.v1.FollowMove;
import io.weirlog.internal.v1.FollowMoves;
import io.weirlog.internal.v1.FollowProgress;
import io.weirlog.internal.v1.FollowRefusal;
import io.weirlog.internal.v1.FollowRefused;
import io.weirlog.internal.v1.FollowResponse;
import io.weirlog.internal.v1.FollowStartOver;
import io.weirlog.replication.core.LeaderMessage;
import io.weirlog.replication.link.FromLeader;
import io.weirlog.replication.link.ToFollower;
import io.weirlog.server.SlicePayload;
import io.weirlog.server.replication.FollowRequests.Malformed;
import io.weirlog.wire.Framed;
import io.weirlog.wire.ReceivedPayload;
import java.util.ArrayList;
import java.util.List;

/// What a leader's broker says, as protobuf with the batches beside it.
final class FollowResponses {
    private static final Framed<FollowResponse> HEARTBEAT = Framed.of(FollowResponse.newBuilder()
            .setHeartbeat(FollowHeartbeat.getDefaultInstance())
            .build());

    private final Aliases aliases;

    FollowResponses(Aliases aliases) {
        this.aliases = aliases;
    }

    /// Moves that follow one another travel together. What concerns a partition that was not opened on this stream is
    /// left
    /// out: it belongs to a stream before.
    List<Framed<FollowResponse>> encode(List<ToFollower> messages) {
        var encoded = new ArrayList<Framed<FollowResponse>>(messages.size());
        var moves = new ArrayList<FollowMove>();
        for (var message : messages) {
            if (message instanceof ToFollower.Say say
                    && aliases.of(say.partition()).isEmpty()) {
                continue;
            }
            if (message instanceof ToFollower.Say(var partition, LeaderMessage.Moved(var session, var progress))) {
                moves.add(FollowMove.newBuilder()
                        .setAlias(alias(partition))
                        .setSession(session.value())
                        .setProgress(progress(progress))
                        .build());
                continue;
            }
            flush(moves, encoded);
            switch (message) {
                case ToFollower.Say(var partition, var said) -> encoded.add(Framed.of(say(partition, said)));
                case ToFollower.Log log -> encoded.add(log(log));
                case ToFollower.Heartbeat() -> encoded.add(HEARTBEAT);
            }
        }
        flush(moves, encoded);
        return encoded;
    }

    private static void flush(List<FollowMove> moves, List<Framed<FollowResponse>> encoded) {
        if (!moves.isEmpty()) {
            encoded.add(Framed.of(FollowResponse.newBuilder()
                    .setMoves(FollowMoves.newBuilder().addAllMoves(moves))
                    .build()));
            moves.clear();
        }
    }

    private int alias(TopicPartition partition) {
        return aliases.of(partition)
                .orElseThrow(() -> new IllegalStateException(partition + " was not opened on this stream"));
    }

    private FollowResponse say(TopicPartition partition, LeaderMessage message) {
        var alias = alias(partition);
        var response = FollowResponse.newBuilder();
        switch (message) {
            case LeaderMessage.Accepted(var session, var progress) ->
                response.setAccepted(FollowAccepted.newBuilder()
                        .setAlias(alias)
                        .setSession(session.value())
                        .setProgress(progress(progress)));
            case LeaderMessage.Diverged(var session, var epoch, var end) ->
                response.setDiverged(FollowDiverged.newBuilder()
                        .setAlias(alias)
                        .setSession(session.value())
                        .setEpoch(epoch.value())
                        .setEnd(end.value()));
            case LeaderMessage.StartOver(var session, var start) ->
                response.setStartOver(FollowStartOver.newBuilder()
                        .setAlias(alias)
                        .setSession(session.value())
                        .setStart(start.value()));
            case LeaderMessage.Refused(var session, var reason, var text) ->
                response.setRefused(FollowRefused.newBuilder()
                        .setAlias(alias)
                        .setSession(session.value())
                        .setReason(reason(reason))
                        .setMessage(text));
            case LeaderMessage.Moved moved -> throw new IllegalStateException("told with others: " + moved);
            case LeaderMessage.Batches batches ->
                throw new IllegalStateException("batches come from the log: " + batches);
        }
        return response.build();
    }

    private Framed<FollowResponse> log(ToFollower.Log log) {
        var batches = FollowBatches.newBuilder()
                .setAlias(alias(log.partition()))
                .setSession(log.session().value())
                .setProgress(progress(log.progress()));
        return Framed.of(FollowResponse.newBuilder().setBatches(batches).build(), new SlicePayload(log.slice()));
    }

    private static FollowProgress progress(LeaderMessage.Progress progress) {
        return FollowProgress.newBuilder()
                .setHighWatermark(progress.highWatermark().value())
                .setLogStart(progress.logStart().value())
                .build();
    }

    private static FollowRefusal reason(LeaderMessage.Reason reason) {
        return switch (reason) {
            case NOT_LEADER -> FollowRefusal.FOLLOW_REFUSAL_NOT_LEADER;
            case STALE_LEADER_EPOCH -> FollowRefusal.FOLLOW_REFUSAL_STALE_LEADER_EPOCH;
            case UNKNOWN_LEADER_EPOCH -> FollowRefusal.FOLLOW_REFUSAL_UNKNOWN_LEADER_EPOCH;
            case STALE_BROKER_EPOCH -> FollowRefusal.FOLLOW_REFUSAL_STALE_BROKER_EPOCH;
            case NOT_A_REPLICA -> FollowRefusal.FOLLOW_REFUSAL_NOT_A_REPLICA;
            case PROTOCOL_VIOLATION -> FollowRefusal.FOLLOW_REFUSAL_PROTOCOL_VIOLATION;
            case OUT_OF_RANGE -> FollowRefusal.FOLLOW_REFUSAL_OUT_OF_RANGE;
        };
    }

    /// Empty for a heartbeat.
    ///
    /// @throws Malformed if it cannot be what a leader says; the payload is the caller's then
    List<FromLeader> decode(Framed<FollowResponse> framed) throws Malformed {
        var response = framed.message();
        return switch (response.getResponseCase()) {
            case ACCEPTED -> {
                var said = response.getAccepted();
                yield of(
                        said.getAlias(),
                        new LeaderMessage.Accepted(
                                FollowRequests.session(said.getSession()), progress(said.getProgress())));
            }
            case DIVERGED -> {
                var said = response.getDiverged();
                if (said.getEpoch() < 0) {
                    throw new Malformed("an epoch " + said.getEpoch());
                }
                yield of(
                        said.getAlias(),
                        new LeaderMessage.Diverged(
                                FollowRequests.session(said.getSession()),
                                new LeaderEpoch(said.getEpoch()),
                                FollowRequests.offset(said.getEnd())));
            }
            case START_OVER -> {
                var said = response.getStartOver();
                yield of(
                        said.getAlias(),
                        new LeaderMessage.StartOver(
                                FollowRequests.session(said.getSession()), FollowRequests.offset(said.getStart())));
            }
            case MOVES -> {
                var decoded = new ArrayList<FromLeader>(response.getMoves().getMovesCount());
                for (var move : response.getMoves().getMovesList()) {
                    decoded.addAll(of(
                            move.getAlias(),
                            new LeaderMessage.Moved(
                                    FollowRequests.session(move.getSession()), progress(move.getProgress()))));
                }
                yield decoded;
            }
            case REFUSED -> {
                var said = response.getRefused();
                yield of(
                        said.getAlias(),
                        new LeaderMessage.Refused(
                                FollowRequests.session(said.getSession()),
                                reason(said.getReason()),
                                said.getMessage()));
            }
            case HEARTBEAT -> List.of();
            case BATCHES -> List.of(batches(response.getBatches(), framed));
            case RESPONSE_NOT_SET -> throw new Malformed("an empty message");
        };
    }

    private FromLeader batches(FollowBatches batches, Framed<FollowResponse> framed) throws Malformed {
        if (!(framed.payload() instanceof ReceivedPayload payload) || payload.isEmpty()) {
            throw new Malformed("batches without a byte");
        }
        var message = new LeaderMessage.Batches(
                FollowRequests.session(batches.getSession()), payload.buffer(), progress(batches.getProgress()));
        return new FromLeader(partition(batches.getAlias()), message, payload.length(), payload::close);
    }

    private List<FromLeader> of(int alias, LeaderMessage message) throws Malformed {
        return List.of(new FromLeader(partition(alias), message, 0, () -> {}));
    }

    private TopicPartition partition(int alias) throws Malformed {
        return aliases.partition(alias)
                .orElseThrow(() -> new Malformed("alias " + alias + " was not opened on this stream"));
    }

    private static LeaderMessage.Progress progress(FollowProgress progress) throws Malformed {
        return new LeaderMessage.Progress(
                FollowRequests.offset(progress.getHighWatermark()), FollowRequests.offset(progress.getLogStart()));
    }

    /// What a newer leader may say in words of its own counts as a refusal like any other.
    private static LeaderMessage.Reason reason(FollowRefusal refusal) {
        return switch (refusal) {
            case FOLLOW_REFUSAL_NOT_LEADER -> LeaderMessage.Reason.NOT_LEADER;
            case FOLLOW_REFUSAL_STALE_LEADER_EPOCH -> LeaderMessage.Reason.STALE_LEADER_EPOCH;
            case FOLLOW_REFUSAL_UNKNOWN_LEADER_EPOCH -> LeaderMessage.Reason.UNKNOWN_LEADER_EPOCH;
            case FOLLOW_REFUSAL_STALE_BROKER_EPOCH -> LeaderMessage.Reason.STALE_BROKER_EPOCH;
            case FOLLOW_REFUSAL_NOT_A_REPLICA -> LeaderMessage.Reason.NOT_A_REPLICA;
            case FOLLOW_REFUSAL_PROTOCOL_VIOLATION -> LeaderMessage.Reason.PROTOCOL_VIOLATION;
            case FOLLOW_REFUSAL_OUT_OF_RANGE, FOLLOW_REFUSAL_UNSPECIFIED, UNRECOGNIZED ->
                LeaderMessage.Reason.OUT_OF_RANGE;
        };
    }
}
