package io.weirlog.metadata.ratis;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.grpc.GrpcTlsConfig;
import org.apache.ratis.grpc.GrpcUtil;
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

    /// A resumed session skips the look at the certificate, and with it its replacement; Ratis' default is a day.
    private static final int SESSION_SECONDS_MAX = 1;

    /// Connections whose other end has vanished without a word are closed.
    private static final int ASKED_AFTER_SECONDS = 10;

    private static final int ANSWER_SECONDS_MAX = 10;

    private final Optional<GrpcTlsConfig> tls;

    PeersOnly(Optional<GrpcTlsConfig> tls) {
        this.tls = tls;
    }

    @Override
    public NettyServerBuilder customize(NettyServerBuilder builder, EnumSet<GrpcServices.Type> types) {
        tls.map(GrpcUtil::buildSslContextForServer).ifPresent(context -> {
            context.sessionContext().setSessionTimeout(SESSION_SECONDS_MAX);
            builder.sslContext(context);
        });
        return builder.keepAliveTime(ASKED_AFTER_SECONDS, TimeUnit.SECONDS)
                .keepAliveTimeout(ANSWER_SECONDS_MAX, TimeUnit.SECONDS)
                .intercept(this);
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
