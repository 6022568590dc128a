package io.weirlog.server.tls;

import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.security.auth.x500.X500Principal;

/// Writes and signs X.509 certificates (RFC 5280), as far as [DevelopmentCa] needs them: the JDK reads certificates,
/// but has no API that makes them.
///
/// ```
/// Certificate    SEQUENCE { TBSCertificate, algorithm, BIT STRING signature }
/// TBSCertificate SEQUENCE { [0] version 3, serial, algorithm, issuer, validity, subject, key, [3] extensions }
/// ```
final class CertificateWriter {
    private static final int SERIAL_BYTES = 16;
    private static final String ECDSA_SHA256 = "1.2.840.10045.4.3.2";
    private static final String SUBJECT_KEY_ID = "2.5.29.14";
    private static final String KEY_USAGE = "2.5.29.15";
    private static final String ALTERNATIVE_NAMES = "2.5.29.17";
    private static final String BASIC_CONSTRAINTS = "2.5.29.19";
    private static final String AUTHORITY_KEY_ID = "2.5.29.35";
    private static final String EXTENDED_KEY_USAGE = "2.5.29.37";
    private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    private static final SecureRandom RANDOM = new SecureRandom();

    private CertificateWriter() {}

    enum Use {
        AUTHORITY,
        NODE,
        CLIENT
    }

    /// @param hosts DNS names and IP addresses
    record Request(
            X500Principal subject,
            PublicKey key,
            Instant begin,
            Instant end,
            Use use,
            List<String> hosts,
            List<String> uris) {}

    /// @param signingKey on an elliptic curve
    static X509Certificate sign(Request request, X500Principal issuer, PublicKey issuerKey, PrivateKey signingKey) {
        var body = body(request, issuer, issuerKey);
        try {
            var signer = Signature.getInstance("SHA256withECDSA");
            signer.initSign(signingKey);
            signer.update(body);
            var certificate = Der.sequence(body, algorithm(), Der.bitString(signer.sign()));
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(certificate));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the certificate of " + request.subject() + " cannot be signed", e);
        }
    }

    private static byte[] body(Request request, X500Principal issuer, PublicKey issuerKey) {
        var serial = new byte[SERIAL_BYTES];
        RANDOM.nextBytes(serial);
        serial[0] = (byte) ((serial[0] & 0x3f) | 0x40); // Positive, and of full length.
        return Der.sequence(
                Der.explicit(0, Der.integer(new byte[] {2})),
                Der.integer(serial),
                algorithm(),
                issuer.getEncoded(),
                Der.sequence(Der.time(request.begin()), Der.time(request.end())),
                request.subject().getEncoded(),
                request.key().getEncoded(),
                Der.explicit(3, Der.sequence(extensions(request, issuerKey))));
    }

    private static byte[] algorithm() {
        return Der.sequence(Der.oid(ECDSA_SHA256));
    }

    private static byte[][] extensions(Request request, PublicKey issuerKey) {
        var extensions = new ArrayList<byte[]>();
        boolean authority = request.use() == Use.AUTHORITY;
        extensions.add(critical(
                BASIC_CONSTRAINTS,
                // An authority that signs no further ones.
                authority ? Der.sequence(Der.bool(true), Der.integer(new byte[] {0})) : Der.sequence()));
        // keyCertSign and cRLSign; digitalSignature: bits 5 and 6; bit 0, from the left.
        extensions.add(critical(KEY_USAGE, authority ? Der.bits(0b0000_0110, 1) : Der.bits(0b1000_0000, 7)));
        switch (request.use()) {
            case AUTHORITY -> {
                // For everything that its certificates are for.
            }
            case NODE ->
                extensions.add(extension(EXTENDED_KEY_USAGE, Der.sequence(Der.oid(SERVER_AUTH), Der.oid(CLIENT_AUTH))));
            case CLIENT -> extensions.add(extension(EXTENDED_KEY_USAGE, Der.sequence(Der.oid(CLIENT_AUTH))));
        }
        if (!request.hosts().isEmpty() || !request.uris().isEmpty()) {
            extensions.add(extension(ALTERNATIVE_NAMES, alternativeNames(request)));
        }
        extensions.add(extension(SUBJECT_KEY_ID, Der.octets(keyId(request.key()))));
        extensions.add(extension(AUTHORITY_KEY_ID, Der.sequence(Der.implicit(0, keyId(issuerKey)))));
        return extensions.toArray(byte[][]::new);
    }

    private static byte[] critical(String oid, byte[] value) {
        return Der.sequence(Der.oid(oid), Der.bool(true), Der.octets(value));
    }

    private static byte[] extension(String oid, byte[] value) {
        return Der.sequence(Der.oid(oid), Der.octets(value));
    }

    private static byte[] alternativeNames(Request request) {
        var names = new ArrayList<byte[]>();
        request.hosts().forEach(host -> names.add(hostName(host)));
        request.uris().forEach(uri -> names.add(Der.implicit(6, uri.getBytes(StandardCharsets.US_ASCII))));
        return Der.sequence(names.toArray(byte[][]::new));
    }

    private static byte[] hostName(String host) {
        try {
            return Der.implicit(7, InetAddress.ofLiteral(host).getAddress());
        } catch (IllegalArgumentException name) {
            return Der.implicit(2, host.getBytes(StandardCharsets.US_ASCII));
        }
    }

    /// RFC 5280, section 4.2.1.2, leaves open how it is made, as long as it is the same for the same key.
    private static byte[] keyId(PublicKey key) {
        try {
            return Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(key.getEncoded()), 20);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the Java runtime lacks SHA-256", e);
        }
    }
}
