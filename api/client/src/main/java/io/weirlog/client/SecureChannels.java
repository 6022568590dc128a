package io.weirlog.client;

import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.weirlog.tls.TlsFileException;
import io.weirlog.tls.TlsKeys;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes channels that speak TLS. Thread-safe.
final class SecureChannels {
    private static final Logger LOG = LoggerFactory.getLogger(SecureChannels.class);

    private final TlsKeys keys;
    private final SslContext context;

    /// @throws IllegalArgumentException if the files are of no use; it names the one and says what to do
    SecureChannels(TlsOptions options) {
        try {
            keys = TlsKeys.open(options.files());
            context = GrpcSslContexts.configure(
                            SslContextBuilder.forClient()
                                    .keyManager(keys.keyManager())
                                    .trustManager(keys.trustManager())
                                    .protocols(options.versionMin().protocols()),
                            SslProvider.JDK)
                    .build();
        } catch (TlsFileException | SSLException e) {
            throw new IllegalArgumentException("TLS: " + e.getMessage(), e);
        }
    }

    NettyChannelBuilder to(Address address) {
        if (keys.reload() instanceof TlsKeys.Reload.Failed failed) {
            LOG.warn("the TLS files have changed but cannot be used; the former stay in use: {}", failed.message());
        }
        return NettyChannelBuilder.forAddress(address.host(), address.port()).sslContext(context);
    }
}
