package io.weirlog.cli;

import picocli.CommandLine.Command;

@Command(
        name = "conformance",
        description = {
            "Try clients in any language on a real cluster.",
            "A client is tried through its driver, which api/conformance/README.md describes."
        })
final class ConformanceCommand {}
