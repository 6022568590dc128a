package io.weirlog.tls;

import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;

/// The bytes of the files, or why they cannot be read: it shows whether anything has changed since.
final class TlsContent {
    private final byte[] certificate;
    private final byte[] key;
    private final byte[] authorities;
    private final Optional<String> problem;

    private TlsContent(byte[] certificate, byte[] key, byte[] authorities, Optional<String> problem) {
        this.certificate = certificate;
        this.key = key;
        this.authorities = authorities;
        this.problem = problem;
    }

    static TlsContent read(TlsFiles files) {
        byte[] none = new byte[0];
        try {
            if (files.own().isEmpty()) {
                return new TlsContent(none, none, Pem.read(files.authorities()), Optional.empty());
            }
            return new TlsContent(
                    Pem.read(files.own().get().certificate()),
                    Pem.read(files.own().get().key()),
                    Pem.read(files.authorities()),
                    Optional.empty());
        } catch (TlsFileException e) {
            return new TlsContent(none, none, none, Optional.of(String.valueOf(e.getMessage())));
        }
    }

    Optional<String> problem() {
        return problem;
    }

    byte[] certificate() {
        return certificate;
    }

    byte[] key() {
        return key;
    }

    byte[] authorities() {
        return authorities;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TlsContent that
                && Arrays.equals(certificate, that.certificate)
                && Arrays.equals(key, that.key)
                && Arrays.equals(authorities, that.authorities)
                && problem.equals(that.problem);
    }

    @Override
    public int hashCode() {
        return Objects.hash(Arrays.hashCode(certificate), Arrays.hashCode(key), Arrays.hashCode(authorities), problem);
    }
}
