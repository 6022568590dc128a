package io.weirlog.server.internal;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.internal.v1.BrokerWish;
import io.weirlog.internal.v1.ControllerServiceGrpc;
import io.weirlog.internal.v1.FollowMetadataRequest;
import io.weirlog.internal.v1.FollowMetadataResponse;
import io.weirlog.internal.v1.HeartbeatRequest;
import io.weirlog.internal.v1.HeartbeatResponse;
import io.weirlog.internal.v1.ProposeRequest;
import io.weirlog.internal.v1.ProposeResponse;
import io.weirlog.metadata.Submission;
import io.weirlog.metadata.controller.BrokerLiveness.Wish;
import io.weirlog.metadata.core.MetadataLimits;
import io.weirlog.server.ServerProblems;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// `weirlog.internal.v1.ControllerService`: translates.
public final class ControllerApi extends ControllerServiceGrpc.ControllerServiceImplBase {
    private static final int ID_BYTES = 16;

    private final NodeIdentity identity;
    private final Controllers controllers;
    private final Controller controller;
    private final ProposalRouter router;
    private final FeedServer feeds;

    public ControllerApi(
            NodeIdentity identity,
            Controllers controllers,
            Controller controller,
            ProposalRouter router,
            FeedServer feeds) {
        this.identity = identity;
        this.controllers = controllers;
        this.controller = controller;
        this.router = router;
        this.feeds = feeds;
    }

    @Override
    public void propose(ProposeRequest request, StreamObserver<ProposeResponse> response) {
        var problem = identity.check(request.getCaller());
        if (problem.isEmpty() && request.getCommand().size() > MetadataLimits.COMMAND_BYTES_MAX) {
            problem = Optional.of(ServerProblems.invalidRequest(
                    "a command has at most " + MetadataLimits.COMMAND_BYTES_MAX + " bytes"));
        }
        if (problem.isPresent()) {
            response.onError(Problems.toStatus(problem.get()));
            return;
        }
        var active = controllers.active();
        if (active.equals(Optional.of(identity.nodeId()))) {
            var _ = controller
                    .submit(request.getCommand().toByteArray())
                    .thenAccept(submission -> answer(response, Proposals.response(submission), active));
        } else if (active.isPresent() && !request.getRelayed()) {
            var _ = router.passOn(active.get(), request.getCommand())
                    .thenAccept(answer -> answer(response, answer, active));
        } else {
            var reason = active.map(id -> "node " + id + " is the active controller, not this one")
                    .orElse("no active controller is known right now");
            answer(response, Proposals.response(new Submission.NotAppended(reason)), active);
        }
    }

    private static void answer(
            StreamObserver<ProposeResponse> response, ProposeResponse answer, Optional<BrokerId> active) {
        var told = answer.toBuilder();
        active.ifPresent(id -> told.setActiveNodeId(id.value()));
        response.onNext(told.build());
        response.onCompleted();
    }

    @Override
    public StreamObserver<HeartbeatRequest> heartbeat(StreamObserver<HeartbeatResponse> response) {
        return new StreamObserver<>() {
            private Controller.@Nullable Stream stream;
            private boolean refused;

            @Override
            public void onNext(HeartbeatRequest request) {
                var problem = check(request);
                if (problem.isPresent() && !refused) {
                    refused = true;
                    ended();
                    response.onError(Problems.toStatus(problem.get()));
                }
                if (refused) {
                    return;
                }
                if (stream == null) {
                    stream = controller.open(response);
                }
                stream.heard(new Controller.Beat(
                        new BrokerId(request.getCaller().getFromNodeId()),
                        new BrokerEpoch(request.getBrokerEpoch()),
                        TopicId.fromBytes(request.getIncarnation().toByteArray())
                                .value(),
                        request.getMetadataIndex(),
                        wish(request.getWish())));
            }

            @Override
            public void onError(Throwable failure) {
                ended();
            }

            @Override
            public void onCompleted() {
                ended();
                if (!refused) {
                    try {
                        response.onCompleted();
                    } catch (IllegalStateException alreadyEnded) {
                        // The controller had ended it.
                    }
                }
            }

            private void ended() {
                if (stream != null) {
                    stream.broken();
                }
            }
        };
    }

    private Optional<Problem> check(HeartbeatRequest request) {
        return identity.check(request.getCaller())
                .or(() -> request.getIncarnation().size() != ID_BYTES
                                || request.getBrokerEpoch() < 0
                                || request.getMetadataIndex() < 0
                        ? Optional.of(ServerProblems.invalidRequest("a heartbeat that cannot be"))
                        : Optional.empty());
    }

    private static Wish wish(BrokerWish wish) {
        return switch (wish) {
            case BROKER_WISH_DRAIN -> Wish.DRAIN;
            case BROKER_WISH_STOP -> Wish.STOP;
            case BROKER_WISH_SERVE, BROKER_WISH_UNSPECIFIED, UNRECOGNIZED -> Wish.SERVE;
        };
    }

    @Override
    public void followMetadata(FollowMetadataRequest request, StreamObserver<FollowMetadataResponse> response) {
        var problem = identity.check(request.getCaller());
        if (problem.isPresent()) {
            response.onError(Problems.toStatus(problem.get()));
            return;
        }
        if (!controllers.isVoter()) {
            // Two who are no voters might follow each other, and nobody would know that nothing is new.
            FeedServer.refuse(response);
            return;
        }
        feeds.follow(
                request.hasKnownIndex() ? Math.max(0, request.getKnownIndex()) : 0,
                (ServerCallStreamObserver<FollowMetadataResponse>) response);
    }
}
