package io.weirlog.server.internal;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.stub.StreamObserver;
import io.weirlog.common.BrokerId;
import io.weirlog.internal.v1.ControllerServiceGrpc;
import io.weirlog.internal.v1.ProposeRequest;
import io.weirlog.internal.v1.ProposeResponse;
import io.weirlog.metadata.Submission;
import io.weirlog.metadata.Submitter;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// Brings a command to the active controller, wherever that is.
public final class ProposalRouter implements Submitter {
    /// Of one attempt; an active controller that does not answer in time may not be active any more.
    private static final Duration ATTEMPT_MAX = Duration.ofSeconds(3);

    private final NodeIdentity identity;
    private final Controllers controllers;
    private final NodeConnections connections;
    /// This node's own controller, if it is one.
    private final Optional<Submitter> local;

    public ProposalRouter(
            NodeIdentity identity, Controllers controllers, NodeConnections connections, Optional<Submitter> local) {
        this.identity = identity;
        this.controllers = controllers;
        this.connections = connections;
        this.local = local;
    }

    @Override
    public CompletableFuture<Submission> submit(byte[] command) {
        var active = controllers.active();
        if (local.isPresent() && active.equals(Optional.of(identity.nodeId()))) {
            return local.get().submit(command);
        }
        if (controllers.isVoter() && active.isEmpty()) {
            return CompletableFuture.completedFuture(
                    new Submission.NotAppended("no active controller is known right now"));
        }
        var bytes = UnsafeByteOperations.unsafeWrap(command);
        // A controller hands over to the active one only: whom it knows not to be it would pass it on once more.
        return send(active.orElseGet(controllers::candidate), bytes, controllers.isVoter())
                .thenApply(Proposals::submission);
    }

    /// Passes on what another node has proposed here.
    CompletableFuture<ProposeResponse> passOn(BrokerId active, ByteString command) {
        return send(active, command, true);
    }

    private CompletableFuture<ProposeResponse> send(BrokerId node, ByteString command, boolean relayed) {
        var request = ProposeRequest.newBuilder()
                .setCaller(identity.callerTo(node))
                .setCommand(command)
                .setRelayed(relayed)
                .build();
        var answer = new CompletableFuture<ProposeResponse>();
        try {
            var address = controllers.address(node);
            ControllerServiceGrpc.newStub(connections.channel(address))
                    .withDeadlineAfter(ATTEMPT_MAX.toMillis(), TimeUnit.MILLISECONDS)
                    .propose(request, new StreamObserver<>() {
                        @Override
                        public void onNext(ProposeResponse response) {
                            controllers.tell(
                                    response.hasActiveNodeId() && response.getActiveNodeId() >= 0
                                            ? Optional.of(new BrokerId(response.getActiveNodeId()))
                                            : Optional.empty());
                            answer.complete(response);
                        }

                        @Override
                        public void onError(Throwable failure) {
                            controllers.failed(node);
                            connections.retryNow(address);
                            // gRPC does not say whether the call had reached the other side.
                            answer.complete(Proposals.response(new Submission.Unknown("controller " + node + " at "
                                    + address + ": "
                                    + Problems.fromThrowable(failure).getMessage())));
                        }

                        @Override
                        public void onCompleted() {
                            answer.complete(Proposals.response(
                                    new Submission.Unknown("controller " + node + " ended without an answer")));
                        }
                    });
        } catch (IllegalStateException e) {
            // The node is stopping, or the controller was removed at this moment.
            answer.complete(Proposals.response(new Submission.NotAppended(String.valueOf(e.getMessage()))));
        }
        return answer;
    }
}
