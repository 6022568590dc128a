package io.weirlog.cli;

import io.weirlog.server.tls.DevelopmentCa;
import io.weirlog.tls.TlsFileException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "init",
        description = {
            "Make a certificate authority, and certificates of it for nodes and clients, as PEM files.",
            "An authority that is in the folder already signs the new ones. Its key lies there unencrypted: keep the"
                    + " folder to yourself, and use another authority for anything that matters."
        })
final class TlsInitCommand implements Callable<Integer> {
    /// A host name, an IPv4 or an IPv6 address, or a client's name; also the name of a file.
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9:*][A-Za-z0-9:._-]{0,252}");

    private static final List<String> OWN_MACHINE = List.of("localhost", "127.0.0.1", "::1");
    private static final Duration AUTHORITY_VALID = Duration.ofDays(3650);
    private static final int DAYS_MAX = 3650;

    private final Streams streams;

    @Spec
    private CommandSpec command = CommandSpec.create(); // Replaced by picocli.

    @Parameters(arity = "0..1", paramLabel = "FOLDER", defaultValue = "tls", description = "Where to; default tls.")
    private Path folder = Path.of("tls");

    @Option(
            names = "--node",
            paramLabel = "HOST,...",
            description = {
                "A node, by all names and addresses at which clients and other nodes reach it. The first names its files.",
                "localhost, 127.0.0.1 and ::1 are added. May be repeated; default localhost."
            })
    private List<String> nodes = List.of("localhost");

    @Option(names = "--client", paramLabel = "NAME", description = "A client. May be repeated; default client.")
    private List<String> clients = List.of("client");

    @Option(names = "--days", defaultValue = "365", description = "How long the certificates are valid; default 365.")
    private int days = 365;

    @Option(names = "--renew", description = "Replace certificates that are there.")
    private boolean renew;

    TlsInitCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, CommandFailed {
        if (days < 1 || days > DAYS_MAX) {
            throw new ParameterException(command.commandLine(), "--days is from 1 to " + DAYS_MAX);
        }
        var hosts = nodes.stream().map(this::names).toList();
        clients.forEach(this::names);
        if (!renew) {
            refuseToReplace(hosts);
        }
        Files.createDirectories(folder);
        var authority = authority();
        var validity = new DevelopmentCa.Validity(Instant.now(), Duration.ofDays(days));
        for (var names : hosts) {
            Set<String> all = new LinkedHashSet<>(names);
            all.addAll(OWN_MACHINE);
            write(names.getFirst(), authority.node(names.getFirst(), List.copyOf(all), validity));
        }
        for (var client : clients) {
            write(client, authority.client(client, validity));
        }
        explain(hosts.getFirst().getFirst());
        return ExitCode.OK;
    }

    private List<String> names(String text) {
        var names = Arrays.stream(text.split(",", -1)).map(String::strip).toList();
        for (var name : names) {
            if (!NAME.matcher(name).matches() || name.equals("ca")) {
                throw new ParameterException(command.commandLine(), "'" + name + "' is no name of a host or client");
            }
        }
        return names;
    }

    private void refuseToReplace(List<List<String>> hosts) throws CommandFailed {
        Set<String> names = new LinkedHashSet<>(clients);
        hosts.forEach(all -> names.add(all.getFirst()));
        for (var name : names) {
            if (Files.exists(certificate(name))) {
                throw new CommandFailed(certificate(name) + " is there already: give --renew to replace it");
            }
        }
    }

    private DevelopmentCa authority() throws IOException, CommandFailed {
        var certificate = certificate("ca");
        if (!Files.exists(certificate)) {
            var made = DevelopmentCa.create(
                    "Weirlog development CA", new DevelopmentCa.Validity(Instant.now(), AUTHORITY_VALID));
            write(key("ca"), made.keyPem(), true);
            write(certificate, made.certificatePem(), false);
            return made;
        }
        try {
            return DevelopmentCa.load(certificate, key("ca"));
        } catch (TlsFileException e) {
            throw new CommandFailed(String.valueOf(e.getMessage()), e);
        }
    }

    private Path certificate(String name) {
        return folder.resolve(name.replace(':', '_').replace('*', '_') + ".crt");
    }

    private Path key(String name) {
        return folder.resolve(name.replace(':', '_').replace('*', '_') + ".key");
    }

    private void write(String name, DevelopmentCa.Issued issued) throws IOException {
        write(key(name), issued.keyPem(), true);
        write(certificate(name), issued.certificatePem(), false);
    }

    /// At one moment, so that whoever watches the file never sees half of it.
    private void write(Path file, String text, boolean secret) throws IOException {
        var temporary = file.resolveSibling(file.getFileName() + ".tmp");
        Files.deleteIfExists(temporary);
        Files.createFile(temporary);
        if (secret && FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
            Files.setPosixFilePermissions(
                    temporary, EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE));
        }
        Files.writeString(temporary, text, StandardCharsets.US_ASCII);
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        streams.out().println("wrote " + file);
    }

    private void explain(String node) {
        var out = streams.out();
        out.println();
        out.println("In a node's weirlog.yaml:");
        out.println("  tls.mode: on");
        out.println("  tls.ca: " + certificate("ca"));
        out.println("  tls.certificate: " + certificate(node));
        out.println("  tls.key: " + key(node));
        out.println("For commands:");
        out.println("  export WEIRLOG_TLS_CA=" + certificate("ca"));
        if (!clients.isEmpty()) {
            out.println("  export WEIRLOG_TLS_CERTIFICATE=" + certificate(clients.getFirst()));
            out.println("  export WEIRLOG_TLS_KEY=" + key(clients.getFirst()));
        }
    }
}
