package io.weirlog.metadata.ratis;

import java.util.EnumSet;
import java.util.Set;
import org.apache.ratis.grpc.server.GrpcServices;
import org.apache.ratis.thirdparty.io.grpc.Metadata;
import org.apache.ratis.thirdparty.io.grpc.ServerCall;
import org.apache.ratis.thirdparty.io.grpc.ServerCallHandler;
import org.apache.ratis.thirdparty.io.grpc.ServerInterceptor;
import org.apache.ratis.thirdparty.io.grpc.Status;
import org.apache.ratis.thirdparty.io.grpc.netty.NettyServerBuilder;

/// Closes the Raft port to all but the voters' own protocol. Ratis also offers its client and administration
/// protocols there, by which anyone who reaches the port could write to the log past every check of ours; we
/// call those in process.
final class PeersOnly implements GrpcServices.Customizer, ServerInterceptor {
    private static final Set<String> ALLOWED = Set.of("ratis.grpc.RaftServerProtocolService");

    @Override
    public NettyServerBuilder customize(NettyServerBuilder builder, EnumSet<GrpcServices.Type> types) {
        return builder.intercept(this);
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        if (ALLOWED.contains(call.getMethodDescriptor().getServiceName())) {
            return next.startCall(call, headers);
        }
        call.close(Status.PERMISSION_DENIED.withDescription("this port is for voters only"), new Metadata());
        return new ServerCall.Listener<>() {};
    }
}
