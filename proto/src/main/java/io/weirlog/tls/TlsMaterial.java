package io.weirlog.tls;

import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What the files hold, checked: the key belongs to the certificate, and that is valid now.
///
/// @param own absent where nothing is shown to the other side
public record TlsMaterial(Optional<Own> own, List<X509Certificate> authorities) {
    /// @param chain the certificate first; never empty
    public record Own(List<X509Certificate> chain, PrivateKey key) {
        public X509Certificate certificate() {
            return chain.get(0);
        }
    }

    private static final Map<String, String> SIGNATURES =
            Map.of("EC", "SHA256withECDSA", "RSA", "SHA256withRSA", "RSASSA-PSS", "RSASSA-PSS", "EdDSA", "EdDSA");

    static TlsMaterial of(TlsFiles files, TlsContent content, Instant now) throws TlsFileException {
        List<X509Certificate> authorities = Pem.certificates(files.authorities(), content.authorities());
        if (files.own().isEmpty()) {
            return new TlsMaterial(Optional.empty(), List.copyOf(authorities));
        }
        Path file = files.own().get().certificate();
        Path keyFile = files.own().get().key();
        List<X509Certificate> chain = Pem.certificates(file, content.certificate());
        PrivateKey key = Pem.privateKey(keyFile, content.key());
        checkPair(file, chain.get(0).getPublicKey(), keyFile, key);
        checkTime(file, chain.get(0), now);
        return new TlsMaterial(Optional.of(new Own(List.copyOf(chain), key)), List.copyOf(authorities));
    }

    private static void checkTime(Path file, X509Certificate certificate, Instant now) throws TlsFileException {
        try {
            certificate.checkValidity(Date.from(now));
        } catch (CertificateExpiredException e) {
            throw new TlsFileException(
                    file + ": the certificate expired at "
                            + certificate.getNotAfter().toInstant() + ": renew it",
                    e);
        } catch (CertificateNotYetValidException e) {
            throw new TlsFileException(
                    file + ": the certificate is valid only from "
                            + certificate.getNotBefore().toInstant() + " on: is this machine's clock right?",
                    e);
        }
    }

    private static void checkPair(Path file, PublicKey certified, Path keyFile, PrivateKey key)
            throws TlsFileException {
        String algorithm = SIGNATURES.get(key.getAlgorithm());
        try {
            byte[] challenge = new byte[32];
            new SecureRandom().nextBytes(challenge);
            if (algorithm != null && certified.getAlgorithm().equals(key.getAlgorithm())) {
                Signature signer = Signature.getInstance(algorithm);
                signer.initSign(key);
                signer.update(challenge);
                byte[] signature = signer.sign();
                signer.initVerify(certified);
                signer.update(challenge);
                if (signer.verify(signature)) {
                    return;
                }
            }
        } catch (GeneralSecurityException e) {
            throw new TlsFileException("the key in " + keyFile + " cannot be used: " + e.getMessage(), e);
        }
        throw new TlsFileException(
                "the key in " + keyFile + " does not belong to the certificate in " + file + ": give the pair");
    }
}
