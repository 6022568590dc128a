package io.weirlog.tls;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/// The JDK's own check of certificates (RFC 5280 and, for hosts, RFC 2818) against these authorities.
final class Authorities {
    private final Path file;
    private final X509ExtendedTrustManager check;

    Authorities(List<X509Certificate> certificates, Path file) throws TlsFileException {
        this.file = file;
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            for (int i = 0; i < certificates.size(); i++) {
                store.setCertificateEntry(Integer.toString(i), certificates.get(i));
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(store);
            for (TrustManager manager : factory.getTrustManagers()) {
                if (manager instanceof X509ExtendedTrustManager extended) {
                    check = extended;
                    return;
                }
            }
            throw new IllegalStateException("the Java runtime has no PKIX trust manager");
        } catch (GeneralSecurityException | IOException e) {
            throw new TlsFileException("the certificates in " + file + " cannot be used: " + e.getMessage(), e);
        }
    }

    Path file() {
        return file;
    }

    X509ExtendedTrustManager check() {
        return check;
    }
}
