package io.weirlog.cli;

import io.weirlog.client.TlsOptions;
import io.weirlog.client.WeirlogClient;
import io.weirlog.server.config.ConfigKey;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.config.ConfigResult;
import io.weirlog.server.config.ConfigSources;
import io.weirlog.server.config.NodeConfig;
import io.weirlog.server.config.NodeConfigLoader;
import io.weirlog.server.tls.DevelopmentCa;
import io.weirlog.server.tls.DevelopmentCa.Validity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/// A folder of certificates, made by the product itself.
record TlsScene(Path folder, DevelopmentCa authority) {
    static final List<String> LOOPBACK = List.of("127.0.0.1", "localhost");

    static Validity valid() {
        return new Validity(Instant.now(), Duration.ofDays(1));
    }

    /// It ended yesterday.
    static Validity over() {
        return new Validity(Instant.now().minus(Duration.ofDays(2)), Duration.ofDays(1));
    }

    record Pair(Path certificate, Path key) {}

    static TlsScene in(Path folder) throws IOException {
        Files.createDirectories(folder);
        var authority = DevelopmentCa.create("Test CA", valid());
        Files.writeString(folder.resolve("ca.crt"), authority.certificatePem());
        return new TlsScene(folder, authority);
    }

    Path ca() {
        return folder.resolve("ca.crt");
    }

    Pair node(String name, Validity validity) throws IOException {
        return write(name, authority.node(name, LOOPBACK, validity));
    }

    Pair client(String name, Validity validity) throws IOException {
        return write(name, authority.client(name, validity));
    }

    Pair write(String name, DevelopmentCa.Issued issued) throws IOException {
        var pair = new Pair(folder.resolve(name + ".crt"), folder.resolve(name + ".key"));
        Files.writeString(pair.key(), issued.keyPem());
        Files.writeString(pair.certificate(), issued.certificatePem());
        return pair;
    }

    /// The settings of a node that shows this certificate.
    Map<ConfigKey<?>, String> settings(Pair own) {
        return Map.of(
                ConfigKeys.TLS_MODE, "on",
                ConfigKeys.TLS_CERTIFICATE, own.certificate().toString(),
                ConfigKeys.TLS_KEY, own.key().toString(),
                ConfigKeys.TLS_CA, ca().toString(),
                ConfigKeys.TLS_RELOAD_INTERVAL, "50ms");
    }

    static NodeConfig config(Path data, List<Map<ConfigKey<?>, String>> settings) {
        var sources = ConfigSources.NONE
                .withFlag(ConfigKeys.DATA_DIR, data.toString())
                .withFlag(ConfigKeys.CLIENT_HOST, "127.0.0.1")
                .withFlag(ConfigKeys.CLIENT_PORT, "0")
                .withFlag(ConfigKeys.HTTP_PORT, "off");
        for (var some : settings) {
            for (var setting : some.entrySet()) {
                sources = sources.withFlag(setting.getKey(), setting.getValue());
            }
        }
        return switch (NodeConfigLoader.load(sources)) {
            case ConfigResult.Valid valid -> valid.config();
            case ConfigResult.Invalid(var problems) -> throw new AssertionError(problems);
        };
    }

    WeirlogClient connect(Pair own, String... addresses) {
        return WeirlogClient.builder()
                .bootstrap(addresses)
                .tls(TlsOptions.trusting(ca()).withCertificate(own.certificate(), own.key()))
                .build();
    }
}
