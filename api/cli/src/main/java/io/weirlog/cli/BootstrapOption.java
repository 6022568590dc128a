package io.weirlog.cli;

import io.weirlog.client.TlsOptions;
import io.weirlog.client.WeirlogClient;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The cluster to talk to, and how.
final class BootstrapOption {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command = CommandSpec.create(); // Replaced by picocli.

    @Option(
            names = {"-b", "--bootstrap-server"},
            paramLabel = "HOST:PORT,...",
            defaultValue = "${env:WEIRLOG_BOOTSTRAP_SERVER:-127.0.0.1:7171}",
            description = {
                "Brokers to ask first; one that runs is enough.",
                "Default: WEIRLOG_BOOTSTRAP_SERVER, or 127.0.0.1:7171."
            })
    private String addresses = "";

    @Option(
            names = "--tls-ca",
            paramLabel = "FILE",
            defaultValue = "${env:WEIRLOG_TLS_CA}",
            description = {
                "Speak TLS, and trust brokers whose certificates these authorities (PEM) have signed.",
                "Default: WEIRLOG_TLS_CA."
            })
    private Optional<Path> tlsAuthorities = Optional.empty();

    @Option(
            names = "--tls-certificate",
            paramLabel = "FILE",
            defaultValue = "${env:WEIRLOG_TLS_CERTIFICATE}",
            description = "A certificate (PEM) to show to brokers that ask for one; default WEIRLOG_TLS_CERTIFICATE.")
    private Optional<Path> tlsCertificate = Optional.empty();

    @Option(
            names = "--tls-key",
            paramLabel = "FILE",
            defaultValue = "${env:WEIRLOG_TLS_KEY}",
            description = "Its private key (PEM); default WEIRLOG_TLS_KEY.")
    private Optional<Path> tlsKey = Optional.empty();

    /// A client of that cluster; nothing is connected yet.
    WeirlogClient client() {
        var builder = WeirlogClient.builder().clientId("weirlog-cli");
        try {
            builder.bootstrap(split(addresses));
        } catch (IllegalArgumentException malformed) {
            throw wrong("--bootstrap-server: " + malformed.getMessage(), malformed);
        }
        try {
            tls().ifPresent(builder::tls);
            return builder.build();
        } catch (IllegalArgumentException unusable) {
            throw wrong(String.valueOf(unusable.getMessage()), unusable);
        }
    }

    private Optional<TlsOptions> tls() {
        if (tlsCertificate.isPresent() != tlsKey.isPresent()) {
            throw new IllegalArgumentException("--tls-certificate and --tls-key go together: give both");
        }
        if (tlsAuthorities.isEmpty()) {
            if (tlsCertificate.isPresent()) {
                throw new IllegalArgumentException("--tls-certificate needs --tls-ca: whom to show it to?");
            }
            return Optional.empty();
        }
        var options = TlsOptions.trusting(tlsAuthorities.get());
        return Optional.of(
                tlsCertificate.isEmpty()
                        ? options
                        : options.withCertificate(tlsCertificate.get(), tlsKey.orElseThrow()));
    }

    private ParameterException wrong(String message, IllegalArgumentException cause) {
        return new ParameterException(command.commandLine(), message, cause);
    }

    private static List<String> split(String addresses) {
        return Arrays.stream(addresses.split(",", -1))
                .map(String::strip)
                .filter(address -> !address.isEmpty())
                .toList();
    }
}
