package io.weirlog.cli;

import picocli.CommandLine.Command;

@Command(name = "tls", description = "Certificates for development and tests.")
final class TlsCommand {}
