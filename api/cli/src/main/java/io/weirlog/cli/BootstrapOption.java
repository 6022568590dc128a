package io.weirlog.cli;

import io.weirlog.client.WeirlogClient;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The cluster to talk to.
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

    /// A client of that cluster; nothing is connected yet.
    WeirlogClient client() {
        try {
            return WeirlogClient.builder()
                    .bootstrap(split(addresses))
                    .clientId("weirlog-cli")
                    .build();
        } catch (IllegalArgumentException malformed) {
            throw new ParameterException(
                    command.commandLine(), "--bootstrap-server: " + malformed.getMessage(), malformed);
        }
    }

    private static List<String> split(String addresses) {
        return Arrays.stream(addresses.split(",", -1))
                .map(String::strip)
                .filter(address -> !address.isEmpty())
                .toList();
    }
}
