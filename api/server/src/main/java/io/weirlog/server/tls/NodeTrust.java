package io.weirlog.server.tls;

import io.weirlog.server.config.IdentityPattern;
import io.weirlog.tls.TlsFailure;
import io.weirlog.tls.TlsKeys;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/// Trusts nodes of this cluster: their certificates are signed by its authority and marked as a node's.
final class NodeTrust {
    private NodeTrust() {}

    /// For a port where failed handshakes are seen anyway.
    static X509ExtendedTrustManager incoming(TlsKeys keys, List<IdentityPattern> nodes) {
        return keys.trustManager(certificate -> objection(certificate, nodes));
    }

    /// For connections that this node makes: what it refuses would be known to nobody.
    static X509ExtendedTrustManager outgoing(TlsKeys keys, List<IdentityPattern> nodes, Refusals refusals) {
        return new Telling("other nodes'", incoming(keys, nodes), refusals);
    }

    /// For the quorum's port and connections, whose handshakes happen out of sight.
    static X509ExtendedTrustManager both(TlsKeys keys, List<IdentityPattern> nodes, Refusals refusals) {
        return new Telling("raft", incoming(keys, nodes), refusals);
    }

    static Optional<String> objection(X509Certificate certificate, List<IdentityPattern> nodes) {
        return nodes.stream().anyMatch(pattern -> pattern.matches(certificate))
                ? Optional.empty()
                : Optional.of("is not a node's: it has none of the names in tls.node.identity " + nodes);
    }

    private static final class Telling extends X509ExtendedTrustManager {
        private final String port;
        private final X509ExtendedTrustManager inner;
        private final Refusals refusals;

        Telling(String port, X509ExtendedTrustManager inner, Refusals refusals) {
            this.port = port;
            this.inner = inner;
            this.refusals = refusals;
        }

        @FunctionalInterface
        private interface Check {
            void run() throws CertificateException;
        }

        private void check(X509Certificate[] chain, String peer, Check check) throws CertificateException {
            try {
                check.run();
            } catch (CertificateException e) {
                var failure = TlsFailure.of(e)
                        .orElseGet(() -> new TlsFailure(TlsFailure.Kind.OTHER, String.valueOf(e.getMessage())));
                refusals.tell(
                        port, peer.isEmpty() ? String.valueOf(chain[0].getSubjectX500Principal()) : peer, failure);
                throw e;
            }
        }

        private static String peer(SSLEngine engine) {
            return engine.getPeerHost() == null ? "" : engine.getPeerHost();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            check(chain, "", () -> inner.checkClientTrusted(chain, authType, engine));
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            check(chain, peer(engine), () -> inner.checkServerTrusted(chain, authType, engine));
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            check(chain, "", () -> inner.checkClientTrusted(chain, authType, socket));
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            check(chain, "", () -> inner.checkServerTrusted(chain, authType, socket));
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            check(chain, "", () -> inner.checkClientTrusted(chain, authType));
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            check(chain, "", () -> inner.checkServerTrusted(chain, authType));
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return inner.getAcceptedIssuers();
        }
    }
}
