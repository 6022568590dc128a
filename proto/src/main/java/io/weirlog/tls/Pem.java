package io.weirlog.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads and writes PEM (RFC 7468).
public final class Pem {
    /// More than any chain needs: a path that leads to something else must not fill the memory.
    private static final int FILE_BYTES_MAX = 1 << 20;

    private static final String CERTIFICATE = "CERTIFICATE";
    private static final String PRIVATE_KEY = "PRIVATE KEY";
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]*+)-----END \\1-----");

    /// A private key names its own algorithm, but the JDK wants to be told.
    private static final List<String> KEY_ALGORITHMS = List.of("EC", "RSA", "EdDSA", "RSASSA-PSS");

    private Pem() {}

    public static String certificate(byte[] encoded) {
        return write(CERTIFICATE, encoded);
    }

    /// @param encoded the key as PKCS #8
    public static String privateKey(byte[] encoded) {
        return write(PRIVATE_KEY, encoded);
    }

    private static String write(String label, byte[] encoded) {
        String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded);
        return "-----BEGIN " + label + "-----\n" + lines + "\n-----END " + label + "-----\n";
    }

    static byte[] read(Path file) throws TlsFileException {
        try {
            if (Files.size(file) > FILE_BYTES_MAX) {
                throw new TlsFileException(file + " is larger than " + FILE_BYTES_MAX + " bytes: is it a PEM file?");
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new TlsFileException(
                    "cannot read " + file + ": does it exist, and may this user read it? (" + e + ")", e);
        }
    }

    /// All certificates in the order in which they stand there, at least one.
    public static List<X509Certificate> certificates(Path file, byte[] content) throws TlsFileException {
        List<X509Certificate> certificates = new ArrayList<>();
        Matcher blocks = BLOCK.matcher(new String(content, StandardCharsets.ISO_8859_1));
        while (blocks.find()) {
            if (blocks.group(1).equals(CERTIFICATE)) {
                certificates.add(certificate(file, decoded(file, blocks.group(2))));
            }
        }
        if (certificates.isEmpty()) {
            throw new TlsFileException(
                    file + " holds no certificate: it must be PEM, with lines -----BEGIN CERTIFICATE-----");
        }
        return certificates;
    }

    private static X509Certificate certificate(Path file, byte[] encoded) throws TlsFileException {
        try {
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(encoded));
        } catch (CertificateException e) {
            throw new TlsFileException(
                    file + " holds a damaged certificate: get it anew from its authority (" + e.getMessage() + ")", e);
        }
    }

    public static PrivateKey privateKey(Path file, byte[] content) throws TlsFileException {
        Optional<PrivateKey> key = Optional.empty();
        Matcher blocks = BLOCK.matcher(new String(content, StandardCharsets.ISO_8859_1));
        while (blocks.find()) {
            String label = blocks.group(1);
            if (label.equals(PRIVATE_KEY)) {
                key = Optional.of(key(file, decoded(file, blocks.group(2))));
            } else if (label.equals("ENCRYPTED PRIVATE KEY")) {
                throw new TlsFileException(file + " is encrypted, and there is nobody to ask for its password: decrypt"
                        + " it with: openssl pkcs8 -in " + file.getFileName() + " -out plain.key");
            } else if (label.endsWith(" PRIVATE KEY")) {
                throw new TlsFileException(file + " holds a key in an old form (" + label + "): convert it with:"
                        + " openssl pkcs8 -topk8 -nocrypt -in " + file.getFileName() + " -out pkcs8.key");
            }
        }
        return key.orElseThrow(() -> new TlsFileException(
                file + " holds no private key: it must be PEM, with a line -----BEGIN PRIVATE KEY-----"));
    }

    private static PrivateKey key(Path file, byte[] encoded) throws TlsFileException {
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(encoded);
        for (String algorithm : KEY_ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (InvalidKeySpecException e) {
                // It is of another one.
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("the Java runtime lacks " + algorithm, e);
            }
        }
        throw new TlsFileException(file + " holds a key that is damaged, or neither of an elliptic curve nor RSA");
    }

    private static byte[] decoded(Path file, String base64) throws TlsFileException {
        try {
            return Base64.getMimeDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new TlsFileException(file + " is damaged: what stands between its PEM lines is not base64", e);
        }
    }
}
