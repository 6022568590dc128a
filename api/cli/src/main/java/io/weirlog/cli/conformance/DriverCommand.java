package io.weirlog.cli.conformance;

/// How a driver is started.
///
/// @param name heads its column
/// @param command for the shell
public record DriverCommand(String name, String command) {}
