package io.weirlog.server.admin;

import com.google.protobuf.Duration;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.weirlog.common.BrokerId;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.MembershipResult;
import io.weirlog.metadata.MetadataClient;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.MetadataQuorum;
import io.weirlog.metadata.QuorumDescription;
import io.weirlog.metadata.QuorumDescription.Member;
import io.weirlog.metadata.QuorumRole;
import io.weirlog.metadata.codec.SnapshotCodec;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.server.ServerProblems;
import io.weirlog.v1.AddControllerRequest;
import io.weirlog.v1.AddControllerResponse;
import io.weirlog.v1.Controller;
import io.weirlog.v1.ControllerProgress;
import io.weirlog.v1.DescribeQuorumRequest;
import io.weirlog.v1.DescribeQuorumResponse;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.ExportMetadataRequest;
import io.weirlog.v1.ExportMetadataResponse;
import io.weirlog.v1.HashMetadataRequest;
import io.weirlog.v1.HashMetadataResponse;
import io.weirlog.v1.Problem;
import io.weirlog.v1.QuorumServiceGrpc;
import io.weirlog.v1.RemoveControllerRequest;
import io.weirlog.v1.RemoveControllerResponse;
import io.weirlog.wire.Problems;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/// `weirlog.v1.QuorumService`.
public final class QuorumApi extends QuorumServiceGrpc.QuorumServiceImplBase {
    private static final int PIECE_BYTES = 256 * 1024;
    private static final long RELAY_SECONDS_MAX = 60;

    private final BrokerId self;
    private final Optional<MetadataQuorum> quorum;
    private final Supplier<MetadataImage> image;
    private final MetadataClient client;
    private final Supplier<Optional<QuorumServiceGrpc.QuorumServiceStub>> active;

    /// @param quorum this node's own member, if it is a controller
    /// @param image the metadata as this node knows them
    /// @param client forgets a controller that was removed
    /// @param active how to ask the active controller, if it is another node and known; never on a connection from
    ///     another node, so that nothing goes round in circles
    public QuorumApi(
            BrokerId self,
            Optional<MetadataQuorum> quorum,
            Supplier<MetadataImage> image,
            MetadataClient client,
            Supplier<Optional<QuorumServiceGrpc.QuorumServiceStub>> active) {
        this.self = self;
        this.quorum = quorum;
        this.image = image;
        this.client = client;
        this.active = active;
    }

    private Optional<QuorumServiceGrpc.QuorumServiceStub> elsewhere() {
        boolean here =
                quorum.filter(own -> own.role() instanceof QuorumRole.Active).isPresent();
        return here
                ? Optional.empty()
                : active.get().map(stub -> stub.withDeadlineAfter(RELAY_SECONDS_MAX, TimeUnit.SECONDS));
    }

    @Override
    public void describeQuorum(DescribeQuorumRequest request, StreamObserver<DescribeQuorumResponse> response) {
        var other = elsewhere();
        if (other.isPresent()) {
            other.get().describeQuorum(request, response);
        } else if (quorum.isPresent()) {
            response.onNext(encoded(quorum.get().describe()));
            response.onCompleted();
        } else {
            response.onError(Problems.toStatus(noneActive("no active controller is known")));
        }
    }

    private DescribeQuorumResponse encoded(QuorumDescription description) {
        var answer = DescribeQuorumResponse.newBuilder()
                .setTerm(description.term())
                .setLogEnd(description.logEnd())
                .setCommitEnd(description.commitEnd())
                .setNodeId(self.value());
        description.leader().ifPresent(leader -> answer.setActiveNodeId(leader.value()));
        description.voters().forEach(voter -> answer.addControllers(encoded(voter, false)));
        description.joining().forEach(joiner -> answer.addControllers(encoded(joiner, true)));
        return answer.build();
    }

    private static Controller encoded(Member member, boolean joining) {
        var controller = Controller.newBuilder()
                .setNodeId(member.id().value())
                .setAddress(member.endpoint().toString())
                .setJoining(joining);
        member.progress()
                .ifPresent(progress -> controller.setProgress(ControllerProgress.newBuilder()
                        .setMatchEnd(progress.matchEnd())
                        .setNextIndex(progress.nextIndex())
                        .setLagEntries(progress.lagEntries())
                        .setSinceLastContact(Duration.newBuilder()
                                .setSeconds(progress.lastContact().toSeconds())
                                .setNanos(progress.lastContact().toNanosPart()))));
        return controller.build();
    }

    @Override
    public void addController(AddControllerRequest request, StreamObserver<AddControllerResponse> response) {
        var endpoint = endpoint(request.getAddress());
        if (request.getNodeId() < 0 || endpoint.isEmpty()) {
            response.onError(Problems.toStatus(ServerProblems.invalidRequest(
                    "a controller is added by its node_id and an address such as node-4:7173")));
            return;
        }
        var other = elsewhere();
        if (other.isPresent()) {
            other.get().addController(request, response);
            return;
        }
        change(
                own -> own.addVoter(new BrokerId(request.getNodeId()), endpoint.get()),
                voters -> AddControllerResponse.newBuilder()
                        .addAllVoterNodeIds(voters)
                        .build(),
                response);
    }

    /// `host:port`, with brackets round an IPv6 address.
    private static Optional<Endpoint> endpoint(String address) {
        int colon = address.lastIndexOf(':');
        if (colon <= 0 || !address.substring(colon + 1).matches("[1-9]\\d{0,4}")) {
            return Optional.empty();
        }
        int port = Integer.parseInt(address.substring(colon + 1));
        var host = address.substring(0, colon).replaceAll("^\\[(.*)]$", "$1");
        return port > 65_535 || host.length() > 253 || !host.matches("[A-Za-z0-9._:%-]+")
                ? Optional.empty()
                : Optional.of(new Endpoint(host, port));
    }

    @Override
    public void removeController(RemoveControllerRequest request, StreamObserver<RemoveControllerResponse> response) {
        if (request.getNodeId() < 0) {
            response.onError(
                    Problems.toStatus(ServerProblems.invalidRequest("a controller is removed by its node_id")));
            return;
        }
        var other = elsewhere();
        if (other.isPresent()) {
            other.get().removeController(request, response);
            return;
        }
        change(
                own -> remove(own, new BrokerId(request.getNodeId())),
                voters -> RemoveControllerResponse.newBuilder()
                        .addAllVoterNodeIds(voters)
                        .build(),
                response);
    }

    /// Whoever does not vote any more need not be found any more. What is left of a removal that was not finished is
    /// made up for.
    private CompletableFuture<MembershipResult> remove(MetadataQuorum own, BrokerId node) {
        return own.removeVoter(node).thenCompose(result -> {
            boolean left = result instanceof MembershipResult.Refused(var reason, var _)
                    && reason == MembershipResult.Reason.NOT_A_VOTER;
            var known = image.get().controller(node);
            if (known.isEmpty() || !(left || result instanceof MembershipResult.Done)) {
                return CompletableFuture.completedFuture(result);
            }
            var command = new MetadataCommand.UnregisterController(
                    new RequestId(UUID.randomUUID()), node, known.get().incarnation());
            return client.propose(command)
                    .thenApply(_ -> left ? voters(own) : result)
                    .exceptionally(failure -> new MembershipResult.Unknown("node " + node
                            + " does not vote any more, but is still known as a controller: " + failure.getMessage()));
        });
    }

    private static MembershipResult voters(MetadataQuorum own) {
        return new MembershipResult.Done(
                own.describe().voters().stream().map(Member::id).toList());
    }

    private <R> void change(
            Function<MetadataQuorum, CompletableFuture<MembershipResult>> change,
            Function<List<Integer>, R> answer,
            StreamObserver<R> response) {
        if (quorum.isEmpty()) {
            response.onError(Problems.toStatus(noneActive("no active controller is known")));
            return;
        }
        var _ = change.apply(quorum.get()).handle((result, error) -> {
            if (error != null) {
                response.onError(Problems.toStatus(ServerProblems.internal(String.valueOf(error))));
                return false;
            }
            switch (result) {
                case MembershipResult.Done(var voters) -> {
                    response.onNext(
                            answer.apply(voters.stream().map(BrokerId::value).toList()));
                    response.onCompleted();
                }
                case MembershipResult.Refused(var reason, var message) ->
                    response.onError(Problems.toStatus(refused(reason, message)));
                case MembershipResult.NotActive(var next) ->
                    response.onError(Problems.toStatus(noneActive("another controller has become the active one"
                            + next.map(id -> ": node " + id).orElse(""))));
                case MembershipResult.Unknown(var message) -> response.onError(Problems.toStatus(noneActive(message)));
            }
            return true;
        });
    }

    private static Problem refused(MembershipResult.Reason reason, String message) {
        return Problems.problem(
                Status.Code.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_QUORUM_CHANGE_REFUSED,
                message,
                Map.of("refusal", reason.name()));
    }

    /// Each of these calls may be made again, so a caller who waits a little gets further.
    private static Problem noneActive(String message) {
        return ServerProblems.retryable(Problems.problem(
                Status.Code.UNAVAILABLE, ErrorReason.ERROR_REASON_METADATA_UNAVAILABLE, message + ": try again"));
    }

    /// A node that is no controller has no answers for retries, and so another hash.
    @Override
    public void hashMetadata(HashMetadataRequest request, StreamObserver<HashMetadataResponse> response) {
        boolean keeps = quorum.filter(own -> !(own.role() instanceof QuorumRole.NotVoter))
                .isPresent();
        if (!keeps) {
            elsewhere()
                    .ifPresentOrElse(
                            other -> other.hashMetadata(request, response),
                            () -> response.onError(Problems.toStatus(noneActive("no active controller is known"))));
            return;
        }
        var state = image.get().state();
        response.onNext(HashMetadataResponse.newBuilder()
                .setNodeId(self.value())
                .setMetadataIndex(state.index())
                .setHash(SnapshotCodec.hash(state))
                .build());
        response.onCompleted();
    }

    @Override
    public void exportMetadata(ExportMetadataRequest request, StreamObserver<ExportMetadataResponse> response) {
        var state = image.get().state();
        var pieces = new SnapshotPieces(
                state.index(), SnapshotCodec.encode(state), (ServerCallStreamObserver<ExportMetadataResponse>)
                        response);
        pieces.begin();
    }

    /// Sends as fast as the reader takes it, and holds no thread meanwhile.
    private static final class SnapshotPieces {
        private final long index;
        private final byte[] snapshot;
        private final ServerCallStreamObserver<ExportMetadataResponse> call;
        private int sent;

        SnapshotPieces(long index, byte[] snapshot, ServerCallStreamObserver<ExportMetadataResponse> call) {
            this.index = index;
            this.snapshot = snapshot;
            this.call = call;
        }

        void begin() {
            call.setOnReadyHandler(this::sendWhileReady);
        }

        /// Called by one thread at a time.
        private void sendWhileReady() {
            while (call.isReady() && sent < snapshot.length) {
                int length = Math.min(PIECE_BYTES, snapshot.length - sent);
                call.onNext(ExportMetadataResponse.newBuilder()
                        .setMetadataIndex(index)
                        .setData(UnsafeByteOperations.unsafeWrap(snapshot, sent, length))
                        .build());
                sent += length;
                if (sent == snapshot.length) {
                    call.onCompleted();
                }
            }
        }
    }
}
