package io.weirlog.server.replication;

import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.weirlog.common.BrokerId;
import io.weirlog.internal.v1.FollowRequest;
import io.weirlog.internal.v1.FollowResponse;
import io.weirlog.internal.v1.ReplicationServiceGrpc;
import io.weirlog.replication.BadInput;
import io.weirlog.replication.ReplicationStats;
import io.weirlog.replication.link.FollowerStream;
import io.weirlog.replication.link.FollowerStreams;
import io.weirlog.replication.link.Outbound;
import io.weirlog.replication.link.ToFollower;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.internal.NodeIdentity;
import io.weirlog.v1.Problem;
import io.weirlog.wire.BufferSource;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Problems;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `weirlog.internal.v1.ReplicationService`: the leaders' end of the streams. Its calls never block, so they stay on
/// the
/// network's threads.
public final class ReplicationApi {
    private static final Logger LOG = LoggerFactory.getLogger(ReplicationApi.class);

    private final NodeIdentity identity;
    private final Predicate<BrokerId> isRegistered;
    private final FollowerStreams streams;
    private final ReplicationStats stats;

    /// @param isRegistered whether the metadata know a broker of that id
    public ReplicationApi(
            NodeIdentity identity, Predicate<BrokerId> isRegistered, FollowerStreams streams, ReplicationStats stats) {
        this.identity = identity;
        this.isRegistered = isRegistered;
        this.streams = streams;
        this.stats = stats;
    }

    public ServerServiceDefinition definition(BufferSource buffers) {
        MethodDescriptor<FollowRequest, Framed<FollowResponse>> follow = FollowMethod.of(buffers);
        var descriptor = ServiceDescriptor.newBuilder(ReplicationServiceGrpc.SERVICE_NAME)
                .setSchemaDescriptor(
                        ReplicationServiceGrpc.getServiceDescriptor().getSchemaDescriptor())
                .addMethod(follow)
                .build();
        return ServerServiceDefinition.builder(descriptor)
                .addMethod(follow, ServerCalls.asyncBidiStreamingCall(this::follow))
                .build();
    }

    private StreamObserver<FollowRequest> follow(StreamObserver<Framed<FollowResponse>> responses) {
        return new Follower((ServerCallStreamObserver<Framed<FollowResponse>>) responses);
    }

    private Optional<Problem> check(FollowRequest first) {
        if (!first.hasInitial()) {
            return Optional.of(ServerProblems.invalidRequest("the first message of a stream must be `initial`"));
        }
        return identity.check(first.getInitial().getCaller()).or(() -> {
            var follower = new BrokerId(first.getInitial().getCaller().getFromNodeId());
            return isRegistered.test(follower)
                    ? Optional.empty()
                    : Optional.of(ServerProblems.invalidRequest(
                            "broker " + follower + " is not registered, as far as this broker knows"));
        });
    }

    /// One stream. What comes in is called by one thread at a time.
    private final class Follower implements StreamObserver<FollowRequest>, Outbound<ToFollower> {
        private final ServerCallStreamObserver<Framed<FollowResponse>> call;
        private final FollowRequests requests;
        private final FollowResponses responses;
        private @Nullable FollowerStream stream;
        private volatile boolean ended;

        Follower(ServerCallStreamObserver<Framed<FollowResponse>> call) {
            var aliases = new Aliases();
            this.call = call;
            this.requests = new FollowRequests(aliases);
            this.responses = new FollowResponses(aliases);
            call.setOnCancelHandler(this::end);
        }

        @Override
        public void onNext(FollowRequest request) {
            if (ended) {
                return;
            }
            if (stream == null) {
                var problem = check(request);
                if (problem.isPresent()) {
                    stats.refuse(BadInput.STREAM);
                    refuse(problem.get());
                } else {
                    stream = streams.accept(
                            new BrokerId(request.getInitial().getCaller().getFromNodeId()), this);
                }
                return;
            }
            try {
                for (var message : requests.decode(request)) {
                    stream.received(message);
                }
            } catch (FollowRequests.Malformed e) {
                LOG.warn("follower broker {} said nonsense: {}", stream.follower(), e.getMessage());
                stats.refuse(BadInput.MESSAGE);
                refuse(ServerProblems.invalidRequest(String.valueOf(e.getMessage())));
            }
        }

        private synchronized void refuse(Problem problem) {
            if (!ended) {
                end();
                call.onError(Problems.toStatus(problem));
            }
        }

        private void end() {
            ended = true;
            if (stream != null) {
                streams.ended(stream);
            }
        }

        @Override
        public void onError(Throwable failure) {
            end();
        }

        @Override
        public void onCompleted() {
            close("the follower has ended it");
        }

        /// Locked against an ending that comes from the other direction.
        @Override
        public synchronized void send(List<ToFollower> messages) {
            for (var message : responses.encode(messages)) {
                if (ended || call.isCancelled()) {
                    message.close();
                } else {
                    call.onNext(message);
                }
            }
        }

        @Override
        public synchronized void close(String why) {
            if (!ended) {
                end();
                if (!call.isCancelled()) {
                    call.onError(Status.UNAVAILABLE.withDescription(why).asRuntimeException());
                }
            }
        }
    }
}
