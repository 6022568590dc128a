package io.weirlog.server.group.core;

/// Who asked: chosen by the caller of the machine, which comes back with the answer.
public record Ticket(long number) {}
