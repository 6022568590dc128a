package io.weirlog.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/// Hands the newest certificate and key to each handshake.
///
/// A handshake first chooses an alias and then asks for the chain and the key behind it. Each version has an alias of
/// its own, and the last few stay, so that no handshake gets the chain of one and the key of another.
final class OwnKeys extends X509ExtendedKeyManager {
    private static final int VERSIONS_MAX = 4;

    private volatile Versions versions = new Versions(0, Map.of());

    private record Versions(long newest, Map<Long, TlsMaterial.Own> byNumber) {}

    /// For one caller at a time.
    void install(TlsMaterial material) {
        if (material.own().isEmpty()) {
            return;
        }
        Versions before = versions;
        long number = before.newest() + 1;
        TreeMap<Long, TlsMaterial.Own> next = new TreeMap<>(before.byNumber());
        next.put(number, material.own().get());
        if (next.size() > VERSIONS_MAX) {
            next.pollFirstEntry();
        }
        versions = new Versions(number, next);
    }

    private @Nullable String alias(String... keyTypes) {
        Versions now = versions;
        TlsMaterial.Own own = now.byNumber().get(now.newest());
        return own != null && Arrays.asList(keyTypes).contains(own.key().getAlgorithm())
                ? Long.toString(now.newest())
                : null;
    }

    private Optional<TlsMaterial.Own> version(@Nullable String alias) {
        return Optional.ofNullable(alias)
                .map(Long::valueOf)
                .map(number -> versions.byNumber().get(number));
    }

    /// Shown whatever authorities the other side names: then it can say what is wrong with it.
    @Override
    public @Nullable String chooseEngineClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        return alias(keyTypes);
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
            String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        return alias(keyType);
    }

    @Override
    public @Nullable String chooseClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return alias(keyTypes);
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return alias(keyType);
    }

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        String alias = alias(keyType);
        return alias == null ? null : new String[] {alias};
    }

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        return getClientAliases(keyType, issuers);
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(@Nullable String alias) {
        return version(alias)
                .map(own -> own.chain().toArray(X509Certificate[]::new))
                .orElse(null);
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(@Nullable String alias) {
        return version(alias).map(TlsMaterial.Own::key).orElse(null);
    }
}
