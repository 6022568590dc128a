package io.weirlog.metadata;

import java.util.List;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/// How voters know each other: both ends of each connection show a certificate. Each handshake asks anew, so both
/// managers may change their minds.
///
/// @param own what this voter shows
/// @param trust whom it takes for a voter
/// @param protocols the versions of TLS that are spoken, by the JDK's names
public record QuorumTls(X509ExtendedKeyManager own, X509ExtendedTrustManager trust, List<String> protocols) {
    public QuorumTls {
        protocols = List.copyOf(protocols);
    }
}
