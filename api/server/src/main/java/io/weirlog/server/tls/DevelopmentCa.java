package io.weirlog.server.tls;

import io.weirlog.server.config.IdentityPattern;
import io.weirlog.tls.Pem;
import io.weirlog.tls.TlsFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import javax.security.auth.x500.X500Principal;

/// A certificate authority for development and tests: it keeps its key in a file, and revokes nothing.
public final class DevelopmentCa {
    private static final Duration CLOCKS_DIFFER_MAX = Duration.ofMinutes(5);

    private final X509Certificate certificate;
    private final PrivateKey key;

    private DevelopmentCa(X509Certificate certificate, PrivateKey key) {
        this.certificate = certificate;
        this.key = key;
    }

    /// A certificate and its private key.
    public record Issued(X509Certificate certificate, PrivateKey key) {
        public String certificatePem() {
            return pem(certificate);
        }

        public String keyPem() {
            return Pem.privateKey(key.getEncoded());
        }
    }

    /// @param validFrom when its certificates' time begins; a few minutes earlier, in fact
    public record Validity(Instant validFrom, Duration length) {
        Instant begin() {
            return validFrom.minus(CLOCKS_DIFFER_MAX);
        }

        Instant end() {
            return validFrom.plus(length);
        }
    }

    public static DevelopmentCa create(String name, Validity validity) {
        var keys = newKeys();
        var subject = new X500Principal("CN=" + name);
        var request = new CertificateWriter.Request(
                subject,
                keys.getPublic(),
                validity.begin(),
                validity.end(),
                CertificateWriter.Use.AUTHORITY,
                List.of(),
                List.of());
        var certificate = CertificateWriter.sign(request, subject, keys.getPublic(), keys.getPrivate());
        return new DevelopmentCa(certificate, keys.getPrivate());
    }

    public static DevelopmentCa load(Path certificate, Path key) throws TlsFileException, IOException {
        return new DevelopmentCa(
                Pem.certificates(certificate, Files.readAllBytes(certificate)).getFirst(),
                Pem.privateKey(key, Files.readAllBytes(key)));
    }

    public X509Certificate certificate() {
        return certificate;
    }

    public String certificatePem() {
        return pem(certificate);
    }

    public String keyPem() {
        return Pem.privateKey(key.getEncoded());
    }

    /// For a node, which is both a server and a client of other nodes.
    ///
    /// @param hosts names and addresses at which it is reached
    public Issued node(String name, List<String> hosts, Validity validity) {
        return issue(name, CertificateWriter.Use.NODE, hosts, List.of(IdentityPattern.NODE_URI), validity);
    }

    public Issued client(String name, Validity validity) {
        return issue(name, CertificateWriter.Use.CLIENT, List.of(), List.of(), validity);
    }

    private Issued issue(
            String name, CertificateWriter.Use use, List<String> hosts, List<String> uris, Validity validity) {
        var keys = newKeys();
        var request = new CertificateWriter.Request(
                new X500Principal("CN=" + name), keys.getPublic(), validity.begin(), validity.end(), use, hosts, uris);
        return new Issued(
                CertificateWriter.sign(request, certificate.getSubjectX500Principal(), certificate.getPublicKey(), key),
                keys.getPrivate());
    }

    private static KeyPair newKeys() {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the Java runtime makes no keys on the curve P-256", e);
        }
    }

    private static String pem(X509Certificate certificate) {
        try {
            return Pem.certificate(certificate.getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a certificate that was read cannot be written", e);
        }
    }
}
