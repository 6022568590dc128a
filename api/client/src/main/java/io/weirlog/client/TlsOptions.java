package io.weirlog.client;

import io.weirlog.tls.TlsFiles;
import io.weirlog.tls.TlsVersion;
import java.nio.file.Path;
import java.util.Objects;

/// How a client speaks TLS. The files are PEM; they are looked at again for each new connection, so a certificate that
/// is renewed needs no new client. Immutable: each method returns another one.
public final class TlsOptions {
    private final TlsFiles files;
    private final TlsVersion versionMin;

    private TlsOptions(TlsFiles files, TlsVersion versionMin) {
        this.files = files;
        this.versionMin = versionMin;
    }

    /// TLS with brokers whose certificates these authorities have signed. A broker's certificate must also be for the
    /// host
    /// name, or the address, at which it is reached.
    public static TlsOptions trusting(Path authorities) {
        return new TlsOptions(
                TlsFiles.trusting(Objects.requireNonNull(authorities, "authorities")), TlsVersion.TLS_1_3);
    }

    /// Shows this certificate to brokers that ask for one.
    ///
    /// @param key its private key (PKCS #8, not encrypted)
    public TlsOptions withCertificate(Path certificate, Path key) {
        return new TlsOptions(
                TlsFiles.of(
                        Objects.requireNonNull(certificate, "certificate"),
                        Objects.requireNonNull(key, "key"),
                        files.authorities()),
                versionMin);
    }

    /// Takes TLS 1.2 too; by default only 1.3.
    public TlsOptions allowingTls12() {
        return new TlsOptions(files, TlsVersion.TLS_1_2);
    }

    TlsFiles files() {
        return files;
    }

    TlsVersion versionMin() {
        return versionMin;
    }
}
