package io.weirlog.tls;

import java.nio.file.Path;
import java.util.Optional;

/// Where one side of TLS connections has its certificates from; all files are PEM.
///
/// @param own what it shows to the other side; absent: nothing, which only clients may do
/// @param authorities the certificates of the authorities that sign for those whom it trusts
public record TlsFiles(Optional<Own> own, Path authorities) {
    /// @param certificate the certificate, and those between it and the authority's after it
    /// @param key its private key, not encrypted
    public record Own(Path certificate, Path key) {}

    public static TlsFiles of(Path certificate, Path key, Path authorities) {
        return new TlsFiles(Optional.of(new Own(certificate, key)), authorities);
    }

    public static TlsFiles trusting(Path authorities) {
        return new TlsFiles(Optional.empty(), authorities);
    }
}
