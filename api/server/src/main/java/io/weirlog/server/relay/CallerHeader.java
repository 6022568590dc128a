package io.weirlog.server.relay;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.MetadataUtils;
import io.weirlog.common.BrokerId;
import io.weirlog.internal.v1.Caller;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.internal.NodeIdentity;
import io.weirlog.server.request.Origin;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.util.Optional;

/// Public services that brokers call among themselves have no field for the caller: it stands in a header. Without it,
/// or with one that means another node, a call gets no further.
public final class CallerHeader {
    private static final Metadata.Key<Caller> KEY =
            Metadata.Key.of("weirlog-caller-bin", ProtoUtils.metadataMarshaller(Caller.getDefaultInstance()));

    private CallerHeader() {}

    static Channel attached(Channel channel, NodeIdentity identity, BrokerId callee) {
        var headers = new Metadata();
        headers.put(KEY, identity.callerTo(callee));
        return ClientInterceptors.intercept(
                channel, MetadataUtils.newAttachHeadersInterceptor(headers), Origin.passingOn());
    }

    /// Turns away who does not say that it is a node of this cluster and means this one.
    public static ServerInterceptor gate(NodeIdentity identity) {
        return new ServerInterceptor() {
            @Override
            public <Q, R> ServerCall.Listener<Q> interceptCall(
                    ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
                var problem = problem(identity, headers);
                if (problem.isEmpty()) {
                    return next.startCall(call, headers);
                }
                var refusal = Problems.toStatus(problem.get());
                var trailers = Status.trailersFromThrowable(refusal);
                call.close(refusal.getStatus(), trailers == null ? new Metadata() : trailers);
                return new ServerCall.Listener<>() {};
            }
        };
    }

    private static Optional<Problem> problem(NodeIdentity identity, Metadata headers) {
        var caller = headers.get(KEY);
        return caller == null
                ? Optional.of(ServerProblems.invalidRequest(
                        "this port is for the cluster's own nodes: clients use the other one (client.port)"))
                : identity.check(caller);
    }
}
