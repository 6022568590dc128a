package io.weirlog.server.tls;

import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalProtocolNegotiator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import io.weirlog.server.request.ClientConnections;
import io.weirlog.tls.TlsFailure;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// How connections to one port begin: gRPC's own way, but whoever comes with TLS to a plain port, without it to one
/// that demands it, or with a certificate that is not accepted, is told of in the log. Connections for which the port
/// has
/// no room stay for a moment at most.
///
/// A client without TLS is also answered, in its own language: an HTTP/2 connection that ends at once with a reason
/// (RFC 9113, GOAWAY with INADEQUATE_SECURITY). Otherwise it would see a connection that breaks, and nothing else.
///
/// gRPC offers no other place to see handshakes that fail than its "internal" classes; they are few lines here.
final class GuardedPort implements InternalProtocolNegotiator.ProtocolNegotiator {
    private static final int TLS_HANDSHAKE_RECORD = 0x16;
    private static final long LINGER_MILLIS = 500;
    /// Enough for a handshake, a call and its refusal.
    private static final long TURN_AWAY_MILLIS = 1_000;
    private static final int FRAME_HEADER_BYTES = 9;
    private static final String TLS_ONLY =
            "this port speaks TLS only: give the certificate of its authority (--tls-ca)";

    private final InternalProtocolNegotiator.ProtocolNegotiator inner;
    private final boolean tls;
    private final String port;
    private final Gate gate;
    private final Refusals refusals;

    /// Says which connections a port takes.
    @FunctionalInterface
    interface Gate {
        Gate OPEN = _ -> new ClientConnections.Entry.Open(() -> {});

        ClientConnections.Entry tryEnter(Optional<SocketAddress> peer);
    }

    /// @param port its name, for the log
    /// @param tls whether `inner` speaks TLS
    GuardedPort(
            String port,
            boolean tls,
            InternalProtocolNegotiator.ProtocolNegotiator inner,
            Gate gate,
            Refusals refusals) {
        this.port = port;
        this.tls = tls;
        this.inner = inner;
        this.gate = gate;
        this.refusals = refusals;
    }

    @Override
    public AsciiString scheme() {
        return inner.scheme();
    }

    @Override
    public ChannelHandler newHandler(GrpcHttp2ConnectionHandler handler) {
        return new Guard(inner.newHandler(handler));
    }

    @Override
    public void close() {
        inner.close();
    }

    private void refused(SocketAddress remote, TlsFailure failure) {
        var peer = remote instanceof InetSocketAddress address
                ? address.getAddress().getHostAddress()
                : "a local peer";
        refusals.tell(port, peer, failure);
    }

    /// Lets the connection in if there is room, looks at the first byte, then steps aside.
    private final class Guard extends ChannelInboundHandlerAdapter {
        private final ChannelHandler next;
        private boolean refused;

        Guard(ChannelHandler next) {
            this.next = next;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            switch (gate.tryEnter(Optional.ofNullable(context.channel().remoteAddress()))) {
                case ClientConnections.Entry.Open(var leave) -> begin(context, leave);
                case ClientConnections.Entry.Refused(var leave) -> {
                    begin(context, leave);
                    closeAfter(context, TURN_AWAY_MILLIS);
                }
                case ClientConnections.Entry.Closed() -> {
                    var _ = context.close();
                }
            }
        }

        private void begin(ChannelHandlerContext context, Runnable leave) {
            var _ = context.channel().closeFuture().addListener(_ -> leave.run());
            context.pipeline().addAfter(context.name(), null, next);
        }

        private static void closeAfter(ChannelHandlerContext context, long millis) {
            // From the pipeline's beginning: gRPC's own handler would wait for the other side to agree.
            Runnable close = () -> {
                var first = context.pipeline().firstContext();
                if (first != null) {
                    var _ = first.close();
                }
            };
            var _ = context.channel().eventLoop().schedule(close, millis, TimeUnit.MILLISECONDS);
        }

        /// Behind this handler gRPC has put that of TLS by the time that bytes come.
        private void watchHandshake(ChannelHandlerContext context) {
            var remote = context.channel().remoteAddress();
            var secured = context.pipeline().get(SslHandler.class);
            if (secured != null) {
                var _ = secured.handshakeFuture().addListener(done -> {
                    if (!done.isSuccess()) {
                        TlsFailure.of(done.cause()).ifPresent(failure -> refused(remote, failure));
                    }
                });
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (refused) {
                ReferenceCountUtil.release(message);
                return;
            }
            if (message instanceof ByteBuf bytes && bytes.isReadable()) {
                boolean speaksTls = bytes.getUnsignedByte(bytes.readerIndex()) == TLS_HANDSHAKE_RECORD;
                if (tls && !speaksTls) {
                    ReferenceCountUtil.release(message);
                    refuse(context);
                    return;
                }
                if (!tls && speaksTls) {
                    refused(
                            context.channel().remoteAddress(),
                            new TlsFailure(TlsFailure.Kind.OTHER, "it speaks TLS, but tls.mode is off here"));
                }
                watchHandshake(context);
                context.fireChannelRead(message);
                context.pipeline().remove(this);
                return;
            }
            context.fireChannelRead(message);
        }

        private void refuse(ChannelHandlerContext context) {
            refused = true;
            refused(
                    context.channel().remoteAddress(),
                    new TlsFailure(TlsFailure.Kind.PLAINTEXT, "it does not speak TLS, which this port demands"));
            // Written below the TLS handler. The connection stays for a moment: closed with bytes unread, it would be
            // reset, and the answer lost.
            var _ = context.writeAndFlush(farewell());
            closeAfter(context, LINGER_MILLIS);
        }

        private static ByteBuf farewell() {
            var reason = TLS_ONLY.getBytes(StandardCharsets.US_ASCII);
            int goAwayBytes = 8 + reason.length;
            return Unpooled.buffer(2 * FRAME_HEADER_BYTES + goAwayBytes)
                    .writeMedium(0)
                    .writeByte(Http2FrameTypes.SETTINGS)
                    .writeByte(0)
                    .writeInt(0)
                    .writeMedium(goAwayBytes)
                    .writeByte(Http2FrameTypes.GO_AWAY)
                    .writeByte(0)
                    .writeInt(0)
                    .writeInt(0)
                    .writeInt((int) Http2Error.INADEQUATE_SECURITY.code())
                    .writeBytes(reason);
        }
    }
}
